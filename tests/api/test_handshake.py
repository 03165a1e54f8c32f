"""Meta's handshake, and the methods that the door for leads knows."""

from collections.abc import Callable

import httpx
import psycopg
import pytest

from crm_db.actions.sources import NewSource
from tests.api.serving import is_problem
from tests.conftest import Org

PATH = "/api/crm/capture/"


@pytest.fixture
def page(org: Org, make_source: Callable[..., NewSource]) -> NewSource:
    """A source for Meta's lead ads."""
    return make_source(org, "ads", format="meta")


def asked(**changed: str) -> dict[str, str]:
    """The query of a handshake; a name's first underline stands for a dot."""
    given = {"mode": "subscribe", "challenge": "1158201444", **changed}
    return {f"hub.{name}": value for name, value in given.items() if value != "-"}


def test_whoever_knows_the_token_gets_the_challenge_back(anyone: httpx.Client, page: NewSource) -> None:
    for ref in (page.token, page.name, page.id):
        answer = anyone.get(f"{PATH}{ref}", params=asked(verify_token=page.token))
        assert (answer.status_code, answer.text) == (200, "1158201444")
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_any_other_handshake_is_refused(
    anyone: httpx.Client,
    page: NewSource,
    source: NewSource,
    make_source: Callable[..., NewSource],
    org: Org,
) -> None:
    token = page.token
    typeform = make_source(org, "typeform", format="typeform")
    wrong = [
        (page.name, asked(verify_token="wrong")),
        (page.name, asked(verify_token="")),
        (page.name, asked()),
        (page.name, asked(verify_token=page.secret)),
        (page.name, asked(verify_token=source.token)),
        (page.name, asked(verify_token=token.swapcase())),
        (page.name, asked(verify_token=token + "é")),
        (page.name, asked(verify_token=token, mode="unsubscribe")),
        (page.name, asked(verify_token=token, mode="-")),
        (page.name, asked(verify_token=token, challenge="-")),
        (page.name, asked(verify_token=token, challenge="")),
        (page.name, asked(verify_token=token, challenge="<script>")),
        (page.name, asked(verify_token=token, challenge="x" * 201)),
        (page.token, asked(verify_token="wrong")),
        (typeform.token, asked(verify_token=typeform.token)),
        ("nobody", asked(verify_token=token)),
        ("x" * 300, asked(verify_token=token)),
        ("%00", asked(verify_token=token)),
    ]
    for ref, query in wrong:
        problem = is_problem(anyone.get(f"{PATH}{ref}", params=query), 403, "handshake_refused")
        assert token not in str(problem)
    doubled = httpx.QueryParams({**asked(), "hub.verify_token": [token, token]})
    is_problem(anyone.get(f"{PATH}{page.name}", params=doubled), 403, "handshake_refused")


def test_other_methods_are_told_what_there_is(
    anyone: httpx.Client, page: NewSource, owner: psycopg.Connection
) -> None:
    for ref in (page.token, "nobody"):
        is_problem(anyone.get(PATH + ref), 405, "method_not_allowed")
        assert anyone.get(PATH + ref).headers["allow"] == "GET, OPTIONS, POST"
        assert anyone.head(PATH + ref).status_code == 405
        is_problem(anyone.put(PATH + ref, json={}), 405, "method_not_allowed")
        plain = anyone.options(PATH + ref)
        assert (plain.status_code, plain.headers["allow"]) == (204, "GET, OPTIONS, POST")
    assert owner.execute("select from crm_inbox").fetchall() == []
