"""Is this process able to serve? And a pointer for who comes by."""

import asyncio

import psycopg
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from api import openapi
from api.errors import ANSWERS
from api.problems import problem
from api.services import services_of

router = APIRouter(tags=["service"])

DATABASE_ANSWERS_WITHIN_SECONDS = 2


class Health(BaseModel):
    """The process serves and its database answers."""

    status: str = Field(examples=["ok"])


@router.get(
    "/api/crm/health",
    summary="Whether the API can serve",
    response_model=Health,
    responses=openapi.HEALTH_RESPONSES,
)
async def health(request: Request) -> Health | Response:
    """ok, or 503 when the database does not answer within 2 seconds; asked on a connection of its own."""
    url = services_of(request).settings.app_database_url.get_secret_value()
    try:
        async with asyncio.timeout(DATABASE_ANSWERS_WITHIN_SECONDS):
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
                await connection.execute("select 1")
    except (psycopg.Error, TimeoutError):
        answer = ANSWERS[psycopg.OperationalError]
        return problem(answer, detail=answer.title + ".", instance=request.url.path)
    return Health(status="ok")


@router.get("/", include_in_schema=False)
def pointer() -> dict[str, str]:
    """Where things are."""
    return {
        "name": "Essentials CRM",
        "api": "/api/crm",
        "openapi": "/openapi.json",
        "docs": "/docs",
        "health": "/api/crm/health",
    }
