"""The description of the API as a page to read and try, served by this host alone."""

from pathlib import Path
from types import MappingProxyType
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import FileResponse

router = APIRouter(include_in_schema=False)

FOLDER = Path(__file__).parent.parent / "docs_page"
MEDIA_TYPES = MappingProxyType({".html": "text/html", ".js": "text/javascript", ".css": "text/css"})
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
File = Literal["start.js", "swagger-ui-bundle.js", "swagger-ui.css"]


@router.get("/docs")
def page() -> FileResponse:
    """The page; what it shows is /openapi.json."""
    return _file("index.html")


@router.get("/docs/{name}")
def part(name: File) -> FileResponse:
    """A part of the page."""
    return _file(name)


def _file(name: str) -> FileResponse:
    path = FOLDER / name
    # Asked again each time, and answered from the browser's own copy while the file is the same.
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
    return FileResponse(path, media_type=MEDIA_TYPES[path.suffix], headers=headers)
