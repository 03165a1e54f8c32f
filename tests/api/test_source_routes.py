"""Sources over HTTP: their proofs are shown once, and can be made anew."""

from urllib.parse import urlsplit

import httpx
import pytest

from tests.api.serving import client_of, eventually, is_problem, signed

SOURCES = "/api/crm/sources"
SECRETS = {"secret", "api_key", "url", "form_token", "form_url", "verify_token", "token", "access_token"}
LEAD = {"email": "ada@analytical.example"}


def add(admin, **fields):
    response = admin.post(SOURCES, json={"name": "website", **fields})
    assert response.status_code == 201, response.text
    return response.json()


def post(admin: httpx.Client, path: str, **how: object) -> int:
    """The status that a submission gets."""
    with client_of(str(admin.base_url)) as sender:
        return sender.post(path, **({"json": LEAD} | how)).status_code  # type: ignore[arg-type]


def test_a_source_takes_leads_by_each_proof_that_it_was_given(admin):
    made = add(admin)
    assert made["url"].startswith("http://127.0.0.1:8000/api/crm/capture/")
    assert post(admin, urlsplit(made["url"]).path) == 202
    named = "/api/crm/capture/website"
    assert post(admin, named) == 401
    assert post(admin, named, headers={"X-API-Key": made["api_key"]}) == 202
    body = b'{"email": "b@analytical.example"}'
    proof = {"X-CRM-Signature": signed(made["secret"], body), "Content-Type": "application/json"}
    assert post(admin, named, json=None, content=body, headers=proof) == 202


def test_proofs_are_shown_this_once(admin, owner):
    made = add(admin, secret="the secret of the sender", access_token="opens the sender's API")
    assert made["secret"] == "the secret of the sender"
    for told in (admin.get(f"{SOURCES}/{made['id']}").json(), admin.get(SOURCES).json()["items"][0]):
        assert SECRETS & told.keys() == set()
        assert not [one for one in told.values() if one in (made["secret"], made["api_key"], made["url"])]
    for field in ("secret", "token", "access_token"):
        assert admin.get(SOURCES, params={"filter": f"{field}:null:false"}).status_code == 422
        assert admin.get(SOURCES, params={"fields": field}).status_code == 422
    kept = owner.execute("select access_token from crm_sources").fetchone()
    assert kept == ("opens the sender's API",)


def test_a_repeat_makes_no_other_source_and_does_not_show_its_proofs(admin):
    header = {"Idempotency-Key": "one"}
    first, second = (admin.post(SOURCES, json={"name": "web"}, headers=header).json() for _ in range(2))
    assert (first["id"], second["secret"], second["url"]) == (second["id"], None, None)
    is_problem(admin.post(SOURCES, json={"name": "web"}), 409, "already_exists")


def test_a_form_and_meta_are_told_what_they_need(admin):
    form = add(admin, format="form", allowed_origins=["https://www.example.com/"])
    assert form["form_url"].endswith(form["form_token"])
    assert form["allowed_origins"] == ["https://www.example.com"]
    meta = add(admin, name="page", format="meta", secret="app secret")
    assert meta["url"].endswith(meta["verify_token"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "a b"}, "name"), ({"region": "Germany"}, "region"), ({"mapping": {"nothing": "x"}}, "mapping"),
        ({"thank_you_url": "ftp://x"}, "thank_you_url"), ({"allowed_origins": ["x"]}, "origin"),
        ({"team_id": "019a0000-0000-7000-8000-000000000000"}, "team_id"),
    ],
)  # fmt: skip
def test_what_no_source_can_have_is_refused_when_it_is_made_and_when_it_is_changed(admin, body, field):
    made = add(admin, name="there")
    for answer in (
        admin.post(SOURCES, json={"name": "x", **body}),
        admin.patch(f"{SOURCES}/{made['id']}", json=body),
    ):
        assert is_problem(answer, 422, "bad_value")["field"] == field
    assert len(admin.get(SOURCES).json()["items"]) == 1


def test_how_posts_are_read_can_be_changed_and_secrets_that_are_not_given_stay(admin, owner):
    made = add(admin, access_token="opens the API", region="GB", honeypot="trap")
    place = f"{SOURCES}/{made['id']}"
    changed = admin.patch(place, json={"mapping": {"email": "person.mail"}, "rate_per_minute": 5}).json()
    assert (changed["mapping"], changed["rate_per_minute"]) == ({"email": "person.mail"}, 5)
    replaced = admin.put(place, json={"name": "website"}).json()
    assert (replaced["region"], replaced["mapping"], replaced["honeypot"]) == (None, {}, None)
    kept = owner.execute("select secret, access_token from crm_sources").fetchone()
    assert kept == (made["secret"], "opens the API")
    assert admin.patch(place, json={"secret": "another secret", "access_token": None}).status_code == 200
    kept = owner.execute("select secret, access_token from crm_sources").fetchone()
    assert kept == ("another secret", None)


def test_proofs_are_made_anew_and_the_former_stop_counting(admin):
    made = add(admin)
    fresh = admin.post(f"{SOURCES}/{made['id']}/rotate").json()
    assert fresh["secret"] not in (None, made["secret"])
    assert (fresh["api_key"], fresh["form_token"]) == (None, None)
    eventually(lambda: post(admin, urlsplit(made["url"]).path) == 401)
    assert post(admin, urlsplit(fresh["url"]).path) == 202
    whole = admin.post(f"{SOURCES}/{made['id']}/rotate", json={"parts": ["api_key", "form_token"]}).json()
    assert (whole["secret"], whole["url"]) == (None, None)
    assert whole["form_url"].endswith(whole["form_token"])
    named = "/api/crm/capture/website"
    eventually(lambda: post(admin, named, headers={"X-API-Key": made["api_key"]}) == 401)
    assert post(admin, named, headers={"X-API-Key": whole["api_key"]}) == 202
    is_problem(admin.post(f"{SOURCES}/{made['id']}/rotate", json={"parts": ["all"]}), 422, "invalid_request")


def test_a_source_that_is_deleted_is_closed_and_its_name_free(admin):
    made = add(admin)
    assert admin.delete(f"{SOURCES}/{made['id']}").status_code == 204
    closed = admin.get(f"{SOURCES}/{made['id']}").json()
    assert (closed["active"], closed["name"].startswith("website (removed ")) == (False, True)
    eventually(lambda: post(admin, urlsplit(made["url"]).path) == 401)
    assert admin.delete(f"{SOURCES}/{made['id']}").status_code == 204
    is_problem(admin.patch(f"{SOURCES}/{made['id']}", json={"region": "DE"}), 422, "bad_value")
    is_problem(admin.post(f"{SOURCES}/{made['id']}/rotate"), 404, "not_found")
    (key,) = admin.get("/api/crm/keys", params={"filter": f"source_id:eq:{made['id']}"}).json()["items"]
    assert key["revoked_at"] is not None
    assert add(admin)["id"] != made["id"]


@pytest.mark.parametrize("role", ["manager", "rep", "viewer"])
def test_only_administrators_change_sources(admin, colleague, role):
    made, somebody = add(admin), colleague(role)
    assert SECRETS & somebody.client.get(f"{SOURCES}/{made['id']}").json().keys() == set()
    for refused in (
        somebody.client.post(SOURCES, json={"name": "mine"}),
        somebody.client.patch(f"{SOURCES}/{made['id']}", json={"region": "DE"}),
        somebody.client.post(f"{SOURCES}/{made['id']}/rotate"),
        somebody.client.delete(f"{SOURCES}/{made['id']}"),
    ):
        is_problem(refused, 403, "forbidden")
