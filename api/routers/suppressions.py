"""Suppressions: addresses that must not be contacted. Who writes may add one, administrators take one away; none is changed."""

from fastapi import APIRouter

from api import openapi
from api.configuration_forms import SuppressionIn
from api.identity import KEY_SCHEMES
from api.records import add_routes
from api.resource import Resource
from crm_db.queries import kinds

RESOURCE = Resource(
    kinds.SUPPRESSION,
    SuppressionIn,
    {"channel": "email", "address": "ada@analytical.example", "reason": "asked not to be written to"},
    removed_by_admins=True,
    farewell="For good: the address may be contacted again.",
)
router = APIRouter(
    prefix=RESOURCE.path, tags=["suppressions"], dependencies=KEY_SCHEMES, responses=openapi.READ_RESPONSES
)
add_routes(router, RESOURCE, without=frozenset({"replace", "change"}))
