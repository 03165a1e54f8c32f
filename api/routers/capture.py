"""POST /api/crm/capture/{source}: the door for leads. They are kept raw and answered, and nothing else."""

import json

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from api import openapi
from api.body import read_body
from api.capture import answer, post_of
from api.services import services_of

router = APIRouter(tags=["capture"])


@router.post(
    "/api/crm/capture/{source}",
    status_code=202,
    summary="Post a lead, or an array of up to 1,000",
    responses=openapi.CAPTURE_RESPONSES,
    openapi_extra=openapi.CAPTURE_REQUEST,
)
async def capture(source: str, request: Request) -> Response:
    """Keep a submission of a source (its token, name or id) and answer once it is committed.

    The sender proves itself by the source's token in the path, an API key with the scope `capture`, or
    `X-CRM-Signature: sha256=<hex>`, the HMAC-SHA256 of the raw body with the source's secret. A signature
    that is given must fit.
    """
    services = services_of(request)
    settings = services.settings
    body = await read_body(
        request, most=settings.capture_max_bytes, most_for_arrays=settings.capture_max_array_bytes
    )
    post = post_of(source, request.headers, request.query_params, body)
    taken = await to_thread.run_sync(services.intake.take, post, limiter=services.capture_threads)
    return Response(json.dumps(answer(taken)), 202, media_type="application/json")
