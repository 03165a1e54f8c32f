"""Answering a submission in its sender's words: a status it takes for success, a failure in its own shape."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote

from fastapi import Request, Response
from starlette.datastructures import Headers

from api import browser, pages
from api.capture import Admitted, Intake, Taken
from api.errors import ANSWERS
from api.posts import Post
from api.problems import Failure, failure_of, headers_of
from api.proofs import Candidate
from crm_db.rules import formats
from crm_db.rules.parsing import Unreadable, payload_of

THANK_YOU = (
    "../thank-you"  # from the capture path; relative, since a proxy may serve us below a path of its own
)
_WEB = re.compile(r"https?://[^\s\\/?#@]+([/?#]\S*)?", re.IGNORECASE)
_IN_URLS = ":/%?#=@[]!$&'()*+,;~"


@dataclass(frozen=True)
class Success:
    """What a sender takes for success; `body` None: the events."""

    status: int
    body: Mapping[str, object] | None = None


KEPT = Success(202)
SUCCESSES: Mapping[str, Success] = MappingProxyType(
    {
        "google-ads": Success(200, {}),
        "meta": Success(200),
        "typeform": Success(200),
        "webflow": Success(200),
        "jotform": Success(200),
        "hubspot": Success(200),
    }
)
"""What the senders want to hear, where it is more than any 2xx."""


async def served(intake: Intake, post: Post, request: Request) -> Response:
    """Take a submission in and answer it; every failure that has a name is answered too."""
    admitted = None
    try:
        admitted = await intake.admit(post)
        taken = await intake.keep(post, admitted)
    except tuple(ANSWERS) as error:
        response = refusal(error, request, post)
    else:
        response = _thanks(admitted.source) if _wants_page(admitted, request.headers) else _success(taken)
    if admitted is not None and admitted.origin is not None:
        response.headers.update(browser.cors_headers(admitted.origin))
    return response


def refusal(error: Exception, request: Request, post: Post | None = None) -> Response:
    """A failure as a page for browsers, in the sender's own shape where it has one, else as a problem.

    The shape follows from what was posted, never from the source: it would tell that there is one.
    """
    failure = failure_of(error)
    if _accepts_pages(request.headers):
        return _failure_page(failure)
    if post is not None and _is_of_google_ads(post):
        body = json.dumps({"message": failure.detail})
        headers = headers_of(failure.answer)
        return Response(body, failure.answer.status, headers=headers, media_type="application/json")
    return failure.as_problem(request.scope)


def answer(taken: Taken) -> Mapping[str, object]:
    """The events of what was kept, in its order."""
    events: list[dict[str, object]] = [
        {
            "event_id": str(receipt.event_id),
            "status_url": f"/api/crm/events/{receipt.event_id}",
            "repeated": receipt.repeated,
        }
        for receipt in taken.receipts
    ]
    return {"events": events} if taken.is_array else events[0]


def _success(taken: Taken) -> Response:
    """An array is a program's, not a sender's, except Meta's, which is an array only to us."""
    success = KEPT if taken.is_array and taken.format != "meta" else SUCCESSES.get(taken.format, KEPT)
    body = answer(taken) if success.body is None else success.body
    return Response(json.dumps(body), success.status, media_type="application/json")


def _thanks(source: Candidate) -> Response:
    """The way to the page that thanks: the source's own, never one that the request names."""
    own = source.thank_you_url
    place = quote(own, safe=_IN_URLS) if own and _WEB.fullmatch(own) else THANK_YOU
    return Response(status_code=303, headers={"Location": place})


def _wants_page(admitted: Admitted, headers: Headers) -> bool:
    """Whether a browser left its page to post a form; a script that stayed there reads JSON."""
    if admitted.origin is None or _accepts_pages(headers):
        return admitted.origin is not None
    reads_json = "application/json" in headers.get("accept", "").lower()
    return not reads_json and headers.get("sec-fetch-mode", "navigate") == "navigate"


def _accepts_pages(headers: Headers) -> bool:
    return "text/html" in headers.get("accept", "").lower()


def _failure_page(failure: Failure) -> Response:
    answer = failure.answer
    advice = "Go back to the form; your browser may still have what you entered."
    return pages.page(answer.title, failure.detail, advice, status=answer.status, headers=headers_of(answer))


def _is_of_google_ads(post: Post) -> bool:
    try:
        return formats.recognised(payload_of(post.content_type, post.body)) == "google-ads"
    except Unreadable:
        return False
