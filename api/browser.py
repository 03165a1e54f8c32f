"""Forms that a browser posts from somebody's web page: where they come from, and what a page may read of us.

A form token stands in a public page, so it proves nothing but which form is meant. What it opens is little:
one submission at a time, from the source's own pages, by visitors who do not post faster than people do.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address

from starlette.datastructures import Headers

from api.proofs import Candidate

PREFLIGHT_SECONDS = 600
_ORIGIN = re.compile(r"(https?)://([a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::([0-9]{1,5}))?", re.ASCII)
_USUAL_PORTS = {"http": "80", "https": "443"}


def origin_of(headers: Headers) -> str | None:
    """The web page's origin by the header Origin, else by Referer; None when it is not plainly told."""
    told = headers.getlist("origin")
    if told:
        return normal_origin(told[0]) if len(told) == 1 else None
    referers = headers.getlist("referer")
    return _origin_in(referers[0]) if len(referers) == 1 else None


def normal_origin(origin: str) -> str | None:
    """An origin in the one form in which origins are compared; None for what is no origin of a web page."""
    found = _ORIGIN.fullmatch(origin.lower())
    if found is None:
        return None
    scheme, host, port = found.groups()
    return f"{scheme}://{host}" if port in {None, _USUAL_PORTS[scheme]} else f"{scheme}://{host}:{port}"


def allowed_origin(candidates: Sequence[Candidate], origin: str | None) -> str | None:
    """The origin, when one of the sources is a form that may be posted from there."""
    for form in candidates:
        allowed = {normal_origin(each.rstrip("/")) for each in form.allowed_origins} - {None}
        if form.by_form and origin in allowed:
            return origin
    return None


def cors_headers(origin: str) -> dict[str, str]:
    """What lets the scripts of a page of this origin read an answer."""
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin, Accept"}


def preflight_headers(origin: str) -> dict[str, str]:
    """What lets the scripts of a page of this origin post a form as JSON."""
    return {
        **cors_headers(origin),
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "Content-Type",
        "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
    }


def visitor(address: str) -> str:
    """Whom a limit for each visitor counts: an address; of version 6 its network, in which one may have many."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))
    return str(parsed)


def _origin_in(url: str) -> str | None:
    """The origin of a URL, as a browser writes it into Referer."""
    scheme, found, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    return normal_origin(f"{scheme}{found}{authority}")
