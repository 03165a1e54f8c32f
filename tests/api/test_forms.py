"""Forms that a browser posts from a web page: from where, what the visitor sees, and what nobody can misuse."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import psycopg
import pytest

from api.browser import visitor
from crm_db.actions.sources import NewSource
from tests.api.conftest import Serve
from tests.api.serving import client_of, is_problem
from tests.conftest import Org

SITE = "https://www.acme.example"
FORM = {"name": "Ada Lovelace", "email": "ada@analytical.example", "website_url_confirm": ""}
BROWSER = {
    "Origin": SITE,
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Sec-Fetch-Mode": "navigate",
}
SCRIPT = {"Origin": SITE, "Accept": "application/json", "Sec-Fetch-Mode": "cors"}
THANKS = "https://www.acme.example/thanks?from=crm"
PATH = "/api/crm/capture/"


@pytest.fixture
def form(org: Org, make_source: Callable[..., NewSource]) -> NewSource:
    """A browser form of Acme, with a thank-you page."""
    origins = [SITE, "https://acme.example:8443", "http://localhost:3000"]
    return make_source(org, "contact", format="form", allowed_origins=origins, thank_you_url=THANKS)


@pytest.fixture
def web(serve: Serve, form: NewSource) -> Iterator[httpx.Client]:
    """A client of the API that follows no redirects."""
    with client_of(serve()) as client:
        yield client


def path(form: NewSource) -> str:
    assert form.form_token is not None
    return PATH + form.form_token


def kept(owner: psycopg.Connection) -> list[tuple[Any, ...]]:
    return owner.execute("select source_id, content_type, body from crm_inbox order by id").fetchall()


def test_a_posted_form_leads_to_the_sources_thank_you_page(
    web: httpx.Client, form: NewSource, owner: psycopg.Connection
) -> None:
    answer = web.post(path(form), data=FORM, headers=BROWSER)
    assert (answer.status_code, answer.headers["location"], answer.content) == (303, THANKS, b"")
    ((source_id, content_type, body),) = kept(owner)
    assert (source_id, content_type) == (form.id, "application/x-www-form-urlencoded")
    assert b"ada%40analytical.example" in body
    again = web.post(path(form), data=FORM, headers=BROWSER)
    assert (again.status_code, again.headers["location"]) == (303, THANKS)
    assert len(kept(owner)) == 1


def test_a_form_with_files_is_kept_too(web: httpx.Client, form: NewSource, owner: psycopg.Connection) -> None:
    answer = web.post(path(form), data=FORM, files={"cv": ("cv.txt", b"text")}, headers=BROWSER)
    assert answer.status_code == 303
    assert kept(owner)[0][1].startswith("multipart/form-data")


def test_a_source_without_a_page_of_its_own_has_ours(
    web: httpx.Client, org: Org, make_source: Callable[..., NewSource]
) -> None:
    plain = make_source(org, "plain", format="form", allowed_origins=[SITE])
    answer = web.post(path(plain), data=FORM, headers=BROWSER)
    assert answer.status_code == 303
    page = web.get(str(answer.url.join(answer.headers["location"])))
    assert page.status_code == 200
    is_page(page)
    assert "Thank you" in page.text


def is_page(answer: httpx.Response) -> None:
    """Check that an answer is a page that runs and loads nothing, and that everybody can read."""
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert '<html lang="en">' in answer.text
    assert "<h1>" in answer.text
    assert "<script" not in answer.text
    assert "<main>" in answer.text
    assert "://" not in answer.text


def test_a_script_of_the_page_reads_json(web: httpx.Client, form: NewSource) -> None:
    for headers in (SCRIPT, {**SCRIPT, "Accept": "*/*"}):
        answer = web.post(path(form), json=FORM, headers=headers)
        assert answer.status_code == 202
        assert answer.json().keys() == {"event_id", "status_url", "repeated"}
        assert answer.headers["access-control-allow-origin"] == SITE
        assert "origin" in answer.headers["vary"].lower()
        assert "access-control-allow-credentials" not in answer.headers


FROM_HERE = {
    "origin": {"Origin": SITE},
    "origin in capitals": {"Origin": "HTTPS://WWW.ACME.EXAMPLE"},
    "usual port": {"Origin": SITE + ":443"},
    "another allowed one": {"Origin": "https://acme.example:8443"},
    "without TLS at home": {"Origin": "http://localhost:3000"},
    "referer": {"Referer": SITE + "/contact?x=https://evil.example"},
    "referer, the origin alone": {"Referer": SITE},
    "both": {"Origin": SITE, "Referer": "https://evil.example/"},
}


def test_a_form_may_be_posted_from_the_sources_pages(web: httpx.Client, form: NewSource) -> None:
    for words, headers in FROM_HERE.items():
        assert web.post(path(form), data=FORM, headers=headers).status_code == 303, words


NOT_FROM_HERE: dict[str, list[tuple[str, str]]] = {
    "nothing": [],
    "null": [("Origin", "null")],
    "empty": [("Origin", "")],
    "star": [("Origin", "*")],
    "another site": [("Origin", "https://evil.example")],
    "no TLS": [("Origin", SITE.replace("https", "http"))],
    "another port": [("Origin", SITE + ":8443")],
    "the default port missing": [("Origin", "https://acme.example")],
    "a longer host": [("Origin", SITE + ".evil.example")],
    "a host before": [("Origin", SITE.replace("www", "evil.www"))],
    "the end of a host": [("Origin", SITE.replace("www.acme", "evilacme"))],
    "with a path": [("Origin", SITE + "/")],
    "a user before": [("Origin", "https://www.acme.example@evil.example")],
    "a blank after": [("Origin", SITE + " https://evil.example")],
    "a list": [("Origin", f"{SITE}, https://evil.example")],
    "twice": [("Origin", SITE), ("Origin", SITE)],
    "another origin, our referer": [("Origin", "https://evil.example"), ("Referer", SITE + "/")],
    "null, our referer": [("Origin", "null"), ("Referer", SITE + "/")],
    "referer elsewhere": [("Referer", "https://evil.example/?" + SITE)],
    "referer with us in its path": [("Referer", f"https://evil.example/{SITE}/")],
    "referer with us as user": [("Referer", "https://www.acme.example@evil.example/")],
    "referer with us before a backslash": [("Referer", "https://evil.example\\@www.acme.example/")],
    "referer twice": [("Referer", SITE + "/"), ("Referer", SITE + "/")],
    "no address": [("Referer", "www.acme.example")],
    "not ASCII": [("Origin", "https://www.acmé.example")],
    "the host in another header": [("Host", "www.acme.example"), ("X-Forwarded-Host", "www.acme.example")],
}


def test_a_form_from_elsewhere_is_refused(
    web: httpx.Client, form: NewSource, owner: psycopg.Connection
) -> None:
    for words, given in NOT_FROM_HERE.items():
        headers = [(name.encode(), value.encode()) for name, value in given]
        answer = web.post(path(form), data=FORM, headers=headers)
        assert answer.status_code == 403, words
        is_problem(answer, 403, "form_refused")
        assert not any(name.startswith("access-control") for name in answer.headers)
        page = web.post(path(form), data=FORM, headers=[*headers, (b"Accept", b"text/html")])
        assert page.status_code == 403
        is_page(page)
    assert kept(owner) == []


def test_without_allowed_origins_a_form_token_opens_nothing(
    web: httpx.Client, org: Org, make_source: Callable[..., NewSource], owner: psycopg.Connection
) -> None:
    closed = make_source(org, "closed", format="form")
    assert closed.form_token is not None
    is_problem(web.post(path(closed), data=FORM, headers={"Origin": SITE}), 403, "form_refused")
    assert kept(owner) == []


def test_a_form_token_opens_nothing_where_the_sender_signs(
    web: httpx.Client, form: NewSource, owner: psycopg.Connection
) -> None:
    owner.execute("update crm_sources set format = 'meta'")
    is_problem(web.post(path(form), data=FORM, headers={"Origin": SITE}), 401, "unproven")


def test_a_form_token_is_no_key_to_anything_else(
    web: httpx.Client, form: NewSource, owner: psycopg.Connection
) -> None:
    origin = {"Origin": SITE}
    refused = [
        web.post(path(form), json=[FORM], headers=origin),
        web.post(path(form), json=[], headers=origin),
        web.post(path(form), data=FORM, headers={**origin, "Idempotency-Key": "order-1"}),
    ]
    for answer in refused:
        is_problem(answer, 403, "form_refused")
    assert web.get("/api/crm/leads", headers={"X-API-Key": str(form.form_token)}).status_code == 401
    signed = web.post(path(form), data=FORM, headers={**origin, "X-CRM-Signature": "sha256=00"})
    is_problem(signed, 401, "unproven")
    assert kept(owner) == []


def test_a_form_has_nothing_fetched(web: httpx.Client, form: NewSource, owner: psycopg.Connection) -> None:
    owner.execute("update crm_sources set format = 'auto'")
    change = {"field": "leadgen", "value": {"leadgen_id": "1", "form_id": "2"}}
    webhook = {"object": "page", "entry": [{"id": "3", "changes": [change]}]}
    is_problem(web.post(path(form), json=webhook, headers={"Origin": SITE}), 403, "form_refused")
    assert kept(owner) == []
    assert web.post(PATH + form.token, json=webhook).status_code == 200


def test_an_id_in_a_form_makes_no_repeat_of_another_visitors_post(
    web: httpx.Client, form: NewSource, owner: psycopg.Connection
) -> None:
    for number in range(2):
        posted = {**FORM, "submission_id": "1", "email": f"p{number}@x.example"}
        assert web.post(path(form), data=posted, headers=BROWSER).status_code == 303
    assert len(kept(owner)) == 2


def test_the_private_token_works_from_anywhere_and_is_answered_to_programs(
    web: httpx.Client, form: NewSource
) -> None:
    answer = web.post(PATH + form.token, data=FORM, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 202
    assert not any(name.startswith("access-control") for name in answer.headers)


def test_a_robot_that_fills_in_the_hidden_field_is_thanked_like_everybody(
    web: httpx.Client, form: NewSource, owner: psycopg.Connection
) -> None:
    robot = web.post(path(form), data={**FORM, "website_url_confirm": "x"}, headers=BROWSER)
    person = web.post(path(form), data=FORM, headers=BROWSER)
    for answer in (robot, person):
        del answer.headers["date"]
    assert (robot.status_code, robot.headers, robot.content) == (303, person.headers, person.content)
    script = web.post(path(form), json={**FORM, "website_url_confirm": "x"}, headers=SCRIPT)
    assert script.status_code == 202
    assert len(kept(owner)) == 3


ELSEWHERE = "https://evil.example/"
WHERE = (
    "redirect",
    "redirect_to",
    "redirect_uri",
    "next",
    "_next",
    "return_url",
    "thank_you_url",
    "url",
    "continue",
)


def test_no_request_says_where_the_redirect_leads(web: httpx.Client, form: NewSource) -> None:
    names = dict.fromkeys(WHERE, ELSEWHERE)
    headers = {
        **BROWSER,
        "Referer": ELSEWHERE,
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "http",
        "Host": "evil.example",
        "X-Original-URL": ELSEWHERE,
        "Forwarded": "host=evil.example",
    }
    answer = web.post(path(form), params=names, data={**FORM, **names}, headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (303, THANKS)
    for more in (
        "/",
        "//evil.example",
        "/../evil",
        "%2F%2Fevil.example",
        "%0d%0aLocation:%20https://evil.example",
    ):
        refused = web.post(path(form) + more, data=FORM, headers=headers)
        assert refused.status_code in {401, 404}
        assert "location" not in refused.headers


STORED = {
    "https://www.acme.example/münchen": "https://www.acme.example/m%C3%BCnchen",
    "https://www.acme.example/a%20b?c=d&e#f": "https://www.acme.example/a%20b?c=d&e#f",
    "https://www.acme.example/münchen danke": "../thank-you",
    "javascript:alert(1)": "../thank-you",
    "//evil.example": "../thank-you",
    "https://good.example\\@evil.example/": "../thank-you",
    "https://www.acme.example/\r\nSet-Cookie: a=b": "../thank-you",
    "": "../thank-you",
}


def test_only_an_address_on_the_web_is_a_thank_you_page(
    web: httpx.Client, org: Org, make_source: Callable[..., NewSource], owner: psycopg.Connection
) -> None:
    for number, (stored, location) in enumerate(STORED.items()):
        form = make_source(org, f"form-{number}", format="form", allowed_origins=[SITE])
        owner.execute("update crm_sources set thank_you_url = %s where id = %s", [stored, form.id])
        answer = web.post(path(form), data=FORM, headers=BROWSER)
        assert (answer.status_code, answer.headers["location"]) == (303, location)
        assert "set-cookie" not in answer.headers


def test_a_preflight_is_answered_to_the_sources_pages_only(web: httpx.Client, form: NewSource) -> None:
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-crm-automation",
    }
    good = web.options(path(form), headers={"Origin": SITE, **asked})
    assert good.status_code == 204
    assert good.headers["access-control-allow-origin"] == SITE
    assert good.headers["access-control-allow-methods"] == "POST"
    assert good.headers["access-control-allow-headers"] == "Content-Type"
    for ref, origin in (
        (form.form_token, "https://evil.example"),
        (form.form_token, "null"),
        (form.token, SITE),
        (form.name, SITE),
        (form.id, SITE),
        ("nobody", SITE),
    ):
        bad = web.options(f"{PATH}{ref}", headers={"Origin": origin, **asked})
        is_problem(bad, 403, "form_refused")
        assert not any(name.startswith("access-control") for name in bad.headers)


def test_one_forms_pages_are_not_anothers(
    web: httpx.Client, form: NewSource, org: Org, make_source: Callable[..., NewSource]
) -> None:
    other = make_source(org, "other", format="form", allowed_origins=["https://other.example"])
    for one, origin in ((form, "https://other.example"), (other, SITE)):
        is_problem(web.post(path(one), data=FORM, headers={"Origin": origin}), 403, "form_refused")
        assert web.options(path(one), headers={"Origin": origin}).status_code == 403


def test_what_goes_wrong_is_told_to_visitors_and_to_scripts(web: httpx.Client, form: NewSource) -> None:
    page = web.post(path(form), content=b"", headers=BROWSER)
    assert page.status_code == 422
    is_page(page)
    problem = web.post(path(form), content=b"", headers=SCRIPT)
    is_problem(problem, 422, "empty_payload")
    assert problem.headers["access-control-allow-origin"] == SITE
    unknown = web.post(PATH + "<b>nobody", data=FORM, headers=BROWSER)
    assert unknown.status_code == 401
    is_page(unknown)
    assert "nobody" not in unknown.text
    large = web.post(path(form), content=b"x" * 2_000_000, headers=BROWSER)
    assert large.status_code == 413
    is_page(large)


def test_a_visitor_posts_as_fast_as_people_do(serve: Serve, form: NewSource) -> None:
    with client_of(serve(form_rate_per_minute=2)) as client:

        def post(number: int, address: str) -> httpx.Response:
            # uvicorn believes a proxy on this machine
            headers = {**SCRIPT, "X-Forwarded-For": address}
            return client.post(path(form), json={**FORM, "n": number}, headers=headers)

        answers = [post(number, "192.0.2.1").status_code for number in range(3)]
        assert answers == [202, 202, 429]
        assert post(4, "192.0.2.2").status_code == 202
        assert int(post(5, "192.0.2.1").headers["retry-after"]) > 0
        slow = client.post(PATH + form.token, json=FORM, headers={"X-Forwarded-For": "192.0.2.1"})
        assert slow.status_code == 202


def test_the_rate_of_the_source_holds_for_all_visitors_together(
    serve: Serve, form: NewSource, owner: psycopg.Connection
) -> None:
    owner.execute("update crm_sources set rate_per_minute = 2")
    with client_of(serve()) as client:
        statuses = [
            client.post(
                path(form),
                json={**FORM, "n": number},
                headers={**SCRIPT, "X-Forwarded-For": f"192.0.2.{number}"},
            ).status_code
            for number in range(3)
        ]
    assert statuses == [202, 202, 429]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2", True),
        ("", "testclient", False),
    ],
)
def test_a_visitor_is_an_address_or_its_network(one: str, other: str, same: bool) -> None:
    assert (visitor(one) == visitor(other)) is same
