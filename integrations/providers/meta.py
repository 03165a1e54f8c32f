"""Leads of Meta's lead ads: the webhook brings an id, and Graph tells the lead.

A question changes nothing, so whatever fails may be asked again, except where Graph says that it will never tell.
The access token travels in a header, never in an address that somebody may log.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from typing import Any, ClassVar

from integrations.errors import Ambiguous, RateLimited, Rejected, SendError, Unavailable
from integrations.http import MOST_WAIT_SECONDS, WAIT_SECONDS, Answer, Wire, doubtless, untold
from integrations.registry import provides
from integrations.settings import IntegrationSettings

FIELDS = (
    "id,created_time,form_id,ad_id,campaign_id,platform,is_organic,field_data,custom_disclaimer_responses"
)
USAGE = "X-Business-Use-Case-Usage"
PATIENCE_SECONDS = 10.0

_LEAD_ID = re.compile(r"[0-9]{1,40}", re.ASCII)
_LIMITS = frozenset({4, 17, 32, 341, 613, *range(80_000, 80_015)})
_PASSING = frozenset({1, 2})


@provides("leads", "meta")
class MetaLeads:
    """Asks for one lead by one GET."""

    name: ClassVar[str] = "meta"

    def __init__(self, settings: IntegrationSettings) -> None:
        self._wire = Wire(self.name, settings, patience=PATIENCE_SECONDS)
        self._base = f"{settings.meta_base_url}/{settings.meta_version}"
        self._token = settings.meta_access_token.get_secret_value() if settings.meta_access_token else ""

    def fetch(self, lead_id: str, *, access_token: str, app_secret: str) -> bytes:
        """The lead as Graph tells it; the installation's token stands in where the source has none."""
        token = access_token or self._token
        if not token:
            raise Rejected(
                self.name, "no-token", "neither the source nor CRM_META_ACCESS_TOKEN holds an access token"
            )
        if _LEAD_ID.fullmatch(lead_id) is None:
            raise Rejected(self.name, "lead-id", "the id of the lead is no number")
        params = {"fields": FIELDS}
        if app_secret:
            params["appsecret_proof"] = proof(token, app_secret)
        return self._told(lead_id, self._ask(lead_id, token, params))

    def _ask(self, lead_id: str, token: str, params: dict[str, str]) -> Answer:
        try:
            headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
            return self._wire.exchange("GET", f"{self._base}/{lead_id}", params=params, headers=headers)
        except Ambiguous as lost:
            raise doubtless(lost) from None

    def _told(self, lead_id: str, answer: Answer) -> bytes:
        if answer.status != 200:
            raise _refusal(self.name, answer)
        lead = answer.json()
        if str(lead.get("id")) != lead_id or not isinstance(lead.get("field_data"), list):
            raise Unavailable(self.name, "answer", "the answer is no lead")
        return json.dumps(lead, ensure_ascii=False).encode()


def proof(access_token: str, app_secret: str) -> str:
    """Meta's `appsecret_proof`: shows that the token is used by the app it belongs to."""
    return hmac.new(app_secret.encode(), access_token.encode(), hashlib.sha256).hexdigest()


def _refusal(provider: str, answer: Answer) -> SendError:
    """What an error of Graph means; its own number says more than the status, which is 400 for most."""
    error = answer.json().get("error")
    number = error.get("code") if isinstance(error, dict) else None
    if not isinstance(number, int) or not isinstance(error, dict):
        other = untold(
            provider, answer
        )  # not Graph's words: whoever stands in between cannot refuse for good
        return other if isinstance(other, RateLimited) else Unavailable(provider, other.code, other.words)
    code = f"meta-{number}"
    if number in _LIMITS:
        wait = _seconds_to_wait(answer)
        return RateLimited(provider, code, "too many questions to Graph", retry_after=wait)
    if number in _PASSING or error.get("is_transient") is True or answer.status >= 500:
        return Unavailable(provider, code, "Graph does not answer now")
    if number in {102, 104, 190}:
        return Rejected(provider, code, "the access token is not valid (any more)")
    if number == 10 or 200 <= number < 300:
        return Rejected(provider, code, "the access token may not read this lead")
    return Rejected(
        provider, code, "Graph does not give the lead: it was deleted, or the app secret is wrong"
    )


def _seconds_to_wait(answer: Answer) -> float:
    """As Graph estimates it, in minutes, for the use cases of the business that are over their limit."""
    try:
        usage = json.loads(answer.headers.get(USAGE, "{}"))
    except (ValueError, RecursionError):
        usage = {}
    return min(MOST_WAIT_SECONDS, max([WAIT_SECONDS, *(60.0 * minutes for minutes in _minutes(usage))]))


def _minutes(usage: Any) -> Iterator[float]:
    for uses in usage.values() if isinstance(usage, dict) else ():
        for use in uses if isinstance(uses, list) else ():
            minutes = use.get("estimated_time_to_regain_access") if isinstance(use, dict) else None
            if isinstance(minutes, int):
                yield float(minutes)
