"""The least that could take a lead in: what capture is measured against. It proves nobody and recognises no repeat.

FastAPI, one pool of connections, one statement that keeps the body and an event beside it, committed before the answer: the
floor of what any endpoint with these parts costs. `uvicorn benchmarks.minimal_capture:create_app --factory`.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from psycopg_pool import ConnectionPool
from starlette.concurrency import run_in_threadpool

SCHEMA = """
    create table minimal_inbox (id bigint generated always as identity primary key, body bytea not null,
                                received_at timestamptz not null default now());
    create table minimal_events (id bigint generated always as identity primary key, inbox_id bigint not null,
                                 kind text not null, at timestamptz not null default now());
"""
_KEEP = """
    with kept as (insert into minimal_inbox (body) values (%s) returning id)
    insert into minimal_events (inbox_id, kind) select id, 'lead.posted' from kept returning id
"""
POOL_SIZE = 6


def create_app() -> FastAPI:
    """The application; MINIMAL_DATABASE_URL names a database with SCHEMA."""
    pool = ConnectionPool(
        os.environ["MINIMAL_DATABASE_URL"],
        min_size=1,
        max_size=POOL_SIZE,
        open=False,
        kwargs={"autocommit": True},
    )

    @asynccontextmanager
    async def serving(_app: FastAPI) -> AsyncIterator[None]:
        pool.open()
        yield
        pool.close()

    def keep(body: bytes) -> int:
        with pool.connection() as connection:
            row = connection.execute(_KEEP, [body]).fetchone()
        assert row is not None
        return int(row[0])

    app = FastAPI(lifespan=serving, docs_url=None, redoc_url=None)

    @app.post("/capture", status_code=202)
    async def capture(request: Request) -> Response:
        event_id = await run_in_threadpool(keep, await request.body())
        return Response(f'{{"event_id": "{event_id}"}}', 202, media_type="application/json")

    return app
