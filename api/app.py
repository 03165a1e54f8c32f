"""The API as one application: `uvicorn api.app:create_app --factory`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from fastapi import APIRouter, Depends, FastAPI
from starlette.routing import BaseRoute
from starlette.types import Lifespan

from api import description, openapi, parameters, problems
from api.cross_origin import CrossOrigin
from api.live import socket as live
from api.memory import Memory
from api.records import router_of
from api.resources import RESOURCES
from api.routers import (
    alerts,
    capture,
    conversions,
    dead_letters,
    docs,
    events,
    flows,
    goals,
    health,
    keys,
    leads,
    messages,
    org_settings,
    reports,
    sequences,
    sources,
    stages,
    summaries,
    suppressions,
    teams,
    templates,
    timelines,
    users,
)
from api.services import open_services
from api.settings import Settings, load_settings
from api.shell import Shell


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application, set by the environment unless told otherwise. Raises BadSetting.

    The database may be down when it starts, and may come and go: requests are answered with 503 meanwhile. A process
    serves one application: while it runs, it binds the process to its database.
    """
    chosen = settings or load_settings()
    app = FastAPI(
        title=openapi.TITLE,
        description=openapi.DESCRIPTION,
        version="1",
        openapi_tags=openapi.TAGS,
        docs_url=None,  # FastAPI's pages load their scripts from another host
        redoc_url=None,
        routes=_routes(),
        redirect_slashes=False,  # a redirect would write a source's token into a header
        lifespan=_serving(chosen),
    )
    app.state.callers = Memory()
    problems.install(app)
    description.install(app)
    app.add_middleware(Shell)
    app.add_middleware(
        CrossOrigin, origins=chosen.allowed_origins
    )  # outside: its headers belong on every failure
    return app


@cache
def _routes() -> list[BaseRoute]:
    """Every route, those that are asked for most first: a request is held against one after the other.

    FastAPI works out what each takes and gives at the first request: once a process, not once an application.
    """
    router = APIRouter(generate_unique_id_function=description.operation_id)
    strictly = [Depends(parameters.nothing_else)]
    router.include_router(capture.router)
    router.include_router(leads.router, dependencies=strictly)
    for resource in RESOURCES:
        router.include_router(router_of(resource), dependencies=strictly)
    for routes in (conversions, timelines, messages, alerts, goals, stages, summaries, reports):
        router.include_router(routes.router, dependencies=strictly)
    for routes in (events, dead_letters, flows, org_settings):
        router.include_router(routes.router, dependencies=strictly)
    for routes in (teams, users, keys, sources, sequences, templates, suppressions):
        router.include_router(routes.router, dependencies=strictly)
    for routes in (live, health, docs):
        router.include_router(routes.router)
    return router.routes


def _serving(settings: Settings) -> Lifespan[FastAPI]:
    @asynccontextmanager
    async def serving(app: FastAPI) -> AsyncIterator[None]:
        with open_services(settings) as services:
            app.state.services = services
            yield

    return serving
