"""Reports that were asked for and made: read only, for what makes them is not here yet."""

from fastapi import APIRouter

from api import openapi
from api.forms import Form
from api.identity import KEY_SCHEMES
from api.records import add_routes
from api.resource import Resource
from crm_db.queries import kinds

router = APIRouter(
    prefix="/api/crm/reports", tags=["reports"], dependencies=KEY_SCHEMES, responses=openapi.READ_RESPONSES
)
add_routes(
    router,
    Resource(kinds.REPORT, Form, {"name": "Pipeline of the week", "kind": "pipeline"}),
    without=frozenset({"bulk", "create", "replace", "change", "delete"}),
)
