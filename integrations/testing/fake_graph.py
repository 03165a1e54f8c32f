"""Meta's Graph as far as the CRM needs it: one lead by its leadgen id."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from integrations.testing.signatures import appsecret_proof
from integrations.testing.wire import Answer, Request, as_json

FIELDS = (
    "id", "created_time", "field_data", "ad_id", "ad_name", "adset_id", "adset_name", "campaign_id", "campaign_name",
    "form_id", "is_organic", "platform", "custom_disclaimer_responses", "partner_name", "retailer_item_id", "home_listing",
    "vehicle", "post", "post_submission_check_result",
)  # fmt: skip
DEFAULT_FIELDS = ("id", "created_time", "field_data")
_PATH = re.compile(r"/(?:v\d{1,3}\.\d/)?(?P<id>\d{1,30})")
_PARAMETERS = frozenset(("access_token", "appsecret_proof", "fields"))


class FakeGraph:
    """Gives out leads that were put into it, to callers with the page's token and the app's proof."""

    name: ClassVar[str] = "graph"

    def __init__(self, token: str, app_secret: str, *, proof_required: bool = False) -> None:
        self._token = token
        self._proof = appsecret_proof(app_secret, token)
        self._proof_required = proof_required
        self._leads: dict[str, dict[str, Any]] = {}

    def put(self, lead: Mapping[str, Any]) -> None:
        """From now on there is this lead; raises ValueError when it has no id of digits or no field_data."""
        if not str(lead.get("id", "")).isdecimal() or not isinstance(lead.get("field_data"), list):
            raise ValueError("a lead has an id of digits and a list field_data")
        if lead.keys() - set(FIELDS):
            raise ValueError("a lead has only the fields of Graph's lead node")
        self._leads[str(lead["id"])] = {
            "created_time": "2026-01-01T00:00:00+0000",
            **lead,
            "id": str(lead["id"]),
        }

    def call_of(self, request: Request) -> str | None:
        """`lookup` for a lead; None for what it does not know."""
        return "lookup" if request.method == "GET" and _PATH.fullmatch(request.path) else None

    def answer(self, request: Request) -> Answer:
        """The real thing's answer, without faults."""
        match = _PATH.fullmatch(request.path)
        assert match is not None
        params = request.params
        header = request.headers.get("authorization", "").removeprefix("Bearer ")
        token = params.get("access_token", [header])[-1]
        if not token:
            return _error(400, 104, "An access token is required to request this resource.")
        if not hmac.compare_digest(token.encode(), self._token.encode()):
            return _error(400, 190, "Invalid OAuth access token - Cannot parse access token")
        return self._proven(match["id"], params)

    def failure(self, status: int, retry_after: float) -> Answer:
        """An error in Graph's shape; a limit is told by code 4 and a header of how much was used."""
        if status == 429:
            usage = f'{{"call_count":100,"total_cputime":25,"total_time":25,"estimated_time_to_regain_access":{retry_after:g}}}'
            answer = _error(400, 4, "(#4) Application request limit reached")
            return Answer(answer.status, answer.body, {**answer.headers, "X-App-Usage": usage})
        return _error(status, 2, "An unexpected error has occurred. Please retry your request later.")

    def limits(self, _most: int, _left: int) -> dict[str, str]:
        """Nothing worth saying as long as there is room."""
        return {}

    def _proven(self, lead_id: str, params: Mapping[str, list[str]]) -> Answer:
        proof = params.get("appsecret_proof", [""])[-1]
        if not proof and self._proof_required:
            return _error(
                400,
                100,
                "API calls from the server require an appsecret_proof argument",
                "GraphMethodException",
            )
        if proof and not hmac.compare_digest(proof.encode(), self._proof.encode()):
            return _error(
                400, 100, "Invalid appsecret_proof provided in the API argument", "GraphMethodException"
            )
        named = ",".join(params.get("fields", [])).split(",")
        wanted = [name for name in named if name] or list(DEFAULT_FIELDS)
        if params.keys() - _PARAMETERS or set(wanted) - set(FIELDS):
            return _error(400, 100, "(#100) Tried accessing a nonexisting field or parameter")
        lead = self._leads.get(lead_id)
        if lead is None:
            words = "Unsupported get request. The object does not exist or cannot be loaded due to missing permissions"
            return _error(400, 100, words, "GraphMethodException", subcode=33)
        return as_json(200, {name: lead[name] for name in ("id", *wanted) if name in lead})


def _error(
    status: int, code: int, words: str, kind: str = "OAuthException", *, subcode: int | None = None
) -> Answer:
    error = {"message": words, "type": kind, "code": code, "fbtrace_id": "fake"}
    if subcode is not None:
        error["error_subcode"] = subcode
    if code == 2:
        error["is_transient"] = True
    return as_json(status, {"error": error})
