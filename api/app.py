"""The API as one application: `uvicorn api.app:create_app --factory`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import Lifespan

from api import openapi, problems
from api.live import socket as live
from api.records import router_of
from api.resources import RESOURCES
from api.routers import alerts, capture, dead_letters, events, flows, health, leads, messages
from api.services import open_services
from api.settings import Settings, load_settings
from api.shell import Shell


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application, set by the environment unless told otherwise. Raises BadSetting.

    The database may be down when it starts, and may come and go: requests are answered with 503 meanwhile.
    """
    app = FastAPI(
        title=openapi.TITLE,
        description=openapi.DESCRIPTION,
        version="1",
        openapi_tags=openapi.TAGS,
        docs_url=None,  # FastAPI's pages load their scripts from another host
        redoc_url=None,
        redirect_slashes=False,  # a redirect would write a source's token into a header
        lifespan=_serving(settings or load_settings()),
    )
    problems.install(app)
    for routes in (capture, events, dead_letters, leads, messages, alerts, flows, health, live):
        app.include_router(routes.router)
    for resource in RESOURCES:
        app.include_router(router_of(resource))
    app.add_middleware(Shell)
    return app


def _serving(settings: Settings) -> Lifespan[FastAPI]:
    @asynccontextmanager
    async def serving(app: FastAPI) -> AsyncIterator[None]:
        with open_services(settings) as services:
            app.state.services = services
            yield

    return serving
