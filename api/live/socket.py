"""GET /api/crm/live: the socket itself. Here, and only here, the API waits without a thread of its own."""

import asyncio
import json
from contextlib import suppress

from anyio import create_task_group, fail_after, move_on_after, to_thread
from fastapi import APIRouter, WebSocket
from sqlalchemy.exc import SQLAlchemyError
from starlette.websockets import WebSocketDisconnect

from api.errors import ApiError, Unauthenticated
from api.identity import KeyParts, key_in, key_of
from api.live.listeners import Listener
from api.live.watch import Watch
from api.problems import failure_of
from crm_db.errors import CrmError
from crm_db.rules.asking import Unanswerable

INTRODUCTION_SECONDS = 10.0
HEARTBEAT_SECONDS = 20.0
PAUSE_SECONDS = 0.5
SEND_SECONDS = 20.0
CLOSES = {401: 4401, 403: 4403, 429: 4429}
TRY_AGAIN_LATER = 1013

router = APIRouter()


@router.websocket("/api/crm/live")
async def live(socket: WebSocket) -> None:
    """Tell what changes, until either side goes."""
    watch: Watch = socket.app.state.services.watch
    news, loop = asyncio.Event(), asyncio.get_running_loop()

    def wake() -> None:
        with suppress(RuntimeError):  # the loop is gone: so is the socket
            loop.call_soon_threadsafe(news.set)

    try:
        key, cursor = await _introduced(socket)
        listener = await to_thread.run_sync(watch.admit, key, cursor, wake)
    except WebSocketDisconnect:
        return
    except (ApiError, CrmError, Unanswerable, SQLAlchemyError) as error:
        await _refuse(socket, error)
        return
    try:
        if not _is_open(socket):
            await socket.accept()
        await _converse(socket, watch, listener, news)
    except* (WebSocketDisconnect, TimeoutError):
        pass
    finally:
        watch.forget(listener)


async def _introduced(socket: WebSocket) -> tuple[KeyParts | None, str | None]:
    """The key and the cursor: from header and query, or from a first message where no header can be set."""
    if socket.query_params.keys() - {"cursor"}:
        raise Unanswerable("query", "takes a cursor, and nothing else")
    cursor = socket.query_params.get("cursor")
    if {"x-api-key", "authorization"} & set(socket.headers.keys()):
        return key_in(socket.headers), cursor
    await socket.accept()
    words: object = None
    with move_on_after(INTRODUCTION_SECONDS), suppress(ValueError, KeyError, RecursionError):
        words = json.loads(await socket.receive_text())
    if not isinstance(words, dict) or not isinstance(words.get("key"), str):
        raise Unauthenticated
    given = words.get("cursor")
    return key_of(words["key"]), given if isinstance(given, str) else cursor


async def _refuse(socket: WebSocket, error: Exception) -> None:
    """Say why not: as a problem where nothing is open yet, else by the code and the word with which the socket is closed."""
    told = failure_of(error)
    if _is_open(socket):
        with suppress(WebSocketDisconnect, RuntimeError):
            await socket.close(CLOSES.get(told.answer.status, TRY_AGAIN_LATER), told.answer.code)
    else:
        await socket.send_denial_response(told.as_problem(socket.scope))


async def _converse(socket: WebSocket, watch: Watch, listener: Listener, news: asyncio.Event) -> None:
    async with create_task_group() as both:

        async def hear() -> None:
            """What a listener says counts for nothing; that it goes does."""
            while (await socket.receive())["type"] != "websocket.disconnect":
                pass
            both.cancel_scope.cancel()

        both.start_soon(hear)
        await _hand_out(socket, watch, listener, news)
        both.cancel_scope.cancel()


async def _hand_out(socket: WebSocket, watch: Watch, listener: Listener, news: asyncio.Event) -> None:
    """Send what waits, over all sockets of a key not oftener than every half second; when nothing does, a sign of life."""
    while True:
        with move_on_after(HEARTBEAT_SECONDS):
            await news.wait()
        news.clear()
        if listener.farewell is not None:
            await socket.close(listener.farewell.code, listener.farewell.word)
            return
        message = listener.take()
        if message is not None:
            with fail_after(SEND_SECONDS):
                await socket.send_text(message)
        for _ in range(watch.sockets_of(listener)):
            if listener.farewell is None:  # a key that was revoked is not listened to until its turn
                await asyncio.sleep(PAUSE_SECONDS)


def _is_open(socket: WebSocket) -> bool:
    return socket.application_state.name == "CONNECTED"
