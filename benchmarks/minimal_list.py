"""The least that could list leads: what lists are measured against. It proves nobody, and sees every org.

FastAPI, one pool of connections, one statement whose JSON Postgres builds: `uvicorn benchmarks.minimal_list:create_app --factory`
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Response
from psycopg_pool import ConnectionPool

from crm_db.queries.kinds import LEAD

POOL_SIZE = 6
_FIELDS = ", ".join(f"'{name}', {name}" for name in LEAD.shown)
_LIST = f"""
    select json_build_object({_FIELDS})::text from crm_leads
    where org_id = %s and deleted_at is null and status = 'new' and value > 1000 order by value desc, id desc limit 50
"""  # noqa: S608 - names of our own columns


def create_app() -> FastAPI:
    """The application; MINIMAL_DATABASE_URL names a database, MINIMAL_ORG the org whose leads are listed."""
    pool = ConnectionPool(
        os.environ["MINIMAL_DATABASE_URL"],
        min_size=1,
        max_size=POOL_SIZE,
        open=False,
        kwargs={"autocommit": True},
    )
    org = os.environ["MINIMAL_ORG"]

    @asynccontextmanager
    async def serving(_app: FastAPI) -> AsyncIterator[None]:
        pool.open()
        yield
        pool.close()

    app = FastAPI(lifespan=serving, docs_url=None, redoc_url=None)

    @app.get("/leads")
    def leads() -> Response:
        with pool.connection() as connection:
            rows = connection.execute(_LIST, [org]).fetchall()
        items = ", ".join(row[0] for row in rows)
        return Response(f'{{"items": [{items}], "next_cursor": null}}', media_type="application/json")

    return app
