"""/api/crm/capture/{source}: the door for leads. They are kept raw and answered, and nothing else."""

import hmac
import re
from collections.abc import Sequence

from fastapi import APIRouter, Request, Response
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException

from api import browser, openapi, pages
from api.body import read_body
from api.errors import BodyTooLarge, FormRefused, HandshakeRefused
from api.posts import post_of
from api.proofs import Candidate
from api.senders import refusal, served
from api.services import services_of

router = APIRouter(tags=["capture"])

METHODS = "GET, OPTIONS, POST"
_HANDSHAKE = ("hub.mode", "hub.challenge", "hub.verify_token")
_CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{1,200}", re.ASCII)


@router.post(
    "/api/crm/capture/{source}",
    status_code=202,
    summary="Post a lead, or an array of up to 1,000",
    responses=openapi.CAPTURE_RESPONSES,
    openapi_extra=openapi.CAPTURE_REQUEST,
)
async def capture(source: str, request: Request) -> Response:
    """Keep a submission of a source (its token, name or id) and answer once it is committed.

    The sender proves itself by the source's token in the path, an API key with the scope `capture`, or a
    signature: ours, `X-CRM-Signature: sha256=<hex>`, the HMAC-SHA256 of the raw body with the source's secret,
    or that of the sender whose format the source has. A signature that is given must fit. A browser form
    posts to the source's public form token, from one of the source's allowed origins.
    """
    services = services_of(request)
    settings = services.settings
    try:
        body = await read_body(
            request, most=settings.capture_max_bytes, most_for_arrays=settings.capture_max_array_bytes
        )
    except BodyTooLarge as error:
        return refusal(error, request)
    post = post_of(source, request, body, public_url=settings.public_url)
    return await served(services.intake, post, request)


@router.get(
    "/api/crm/capture/{source}",
    summary="Answer Meta's handshake",
    response_class=Response,
    responses=openapi.HANDSHAKE_RESPONSES,
    openapi_extra=openapi.HANDSHAKE_REQUEST,
)
async def shake_hands(source: str, request: Request) -> Response:
    """Give back `hub.challenge` to whoever names the token of the source's URL as `hub.verify_token`."""
    services, query = services_of(request), request.query_params
    if not any(name in query for name in _HANDSHAKE):
        raise HTTPException(405, headers={"Allow": METHODS})
    found = await services.intake.sources(source)
    if not _may_subscribe(query, found):
        raise HandshakeRefused
    return Response(query["hub.challenge"], media_type="text/plain")


@router.options("/api/crm/capture/{source}", include_in_schema=False)
async def preflight(source: str, request: Request) -> Response:
    """Tell a browser whether a page of its origin may post a form as JSON; others, which methods there are."""
    services = services_of(request)
    if "origin" not in request.headers:
        return Response(status_code=204, headers={"Allow": METHODS})
    found = await services.intake.sources(source)
    origin = browser.allowed_origin(found, browser.origin_of(request.headers))
    if origin is None:
        raise FormRefused("This form is posted from a page that is not one of its own.")
    return Response(status_code=204, headers={"Allow": METHODS, **browser.preflight_headers(origin)})


@router.get("/api/crm/thank-you", include_in_schema=False)
async def thank_you() -> Response:
    """The page after a browser form whose source has none of its own."""
    return pages.thank_you()


def _may_subscribe(query: QueryParams, found: Sequence[Candidate]) -> bool:
    """Whether a handshake is whole and names the verify token of one of the sources, compared in constant time."""
    given = [query.getlist(name) for name in _HANDSHAKE]
    if any(len(values) != 1 for values in given):
        return False
    mode, challenge, token = (values[0] for values in given)
    named = [
        hmac.compare_digest(one.verify_token.encode(), token.encode("utf-8", "replace")) for one in found
    ]
    takes = [one.format in {"auto", "meta"} and one.verify_token != "" for one in found]
    known = any(name and take for name, take in zip(named, takes, strict=True))
    return known and mode == "subscribe" and _CHALLENGE.fullmatch(challenge) is not None
