"""Answers whose JSON Postgres wrote: passed on as they are, never parsed here."""

import json

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from api.cursors import cursor_of
from crm_db.queries.pages import Page


class ListQuery(BaseModel):
    """How to page through a list."""

    model_config = ConfigDict(extra="forbid")

    cursor: str | None = Field(default=None, max_length=200, description="next_cursor of the page before")
    limit: int = Field(default=50, ge=1, le=500, description="Items a page")


def json_response(text: str, status: int = 200) -> Response:
    """An answer of ready JSON."""
    return Response(text, status, media_type="application/json")


def list_response(page: Page) -> Response:
    """A page as {"items": [...], "next_cursor": ...}."""
    cursor = json.dumps(cursor_of(page.next))
    return json_response(f'{{"items": [{", ".join(page.rows)}], "next_cursor": {cursor}}}')
