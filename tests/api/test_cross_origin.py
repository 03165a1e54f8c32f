"""CORS: scripts of the pages that are named may call the API, others may not, and capture keeps its own rules."""

import pytest
from pydantic import ValidationError

from api.settings import Settings
from tests.api.serving import client_of

PAGE = "https://app.example"
LEADS = "/api/crm/leads"
PREFLIGHT = {
    "Origin": PAGE,
    "Access-Control-Request-Method": "PATCH",
    "Access-Control-Request-Headers": "x-api-key,content-type,if-match,idempotency-key",
}


def cors(response):
    return {name for name in response.headers if name.startswith("access-control-")}


def test_a_named_page_may_call_and_read_what_belongs_to_an_answer(serve, org):
    with client_of(serve(cors_origins=f"https://other.example, {PAGE}/"), org.api_key) as client:
        asked = client.options(LEADS, headers=PREFLIGHT)
        assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (200, PAGE)
        assert "PATCH" in asked.headers["access-control-allow-methods"]
        answer = client.get(LEADS, headers={"Origin": PAGE})
        assert answer.headers["access-control-allow-origin"] == PAGE
        assert "ETag" in answer.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in answer.headers
        assert "Origin" in answer.headers["vary"]
        refused = client.get(LEADS, headers={"Origin": PAGE, "X-API-Key": "wrong"})
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, PAGE)


def test_another_page_is_told_nothing_and_refused_before_it_writes(serve, org):
    with client_of(serve(cors_origins=PAGE), org.api_key) as client:
        for origin in ("https://evil.example", "http://app.example", f"{PAGE}.evil.example", "null"):
            assert "access-control-allow-origin" not in client.get(LEADS, headers={"Origin": origin}).headers
            assert client.options(LEADS, headers={**PREFLIGHT, "Origin": origin}).status_code == 400


def test_without_the_setting_no_page_may_call(admin):
    assert cors(admin.get(LEADS, headers={"Origin": PAGE})) == set()
    assert cors(admin.options(LEADS, headers=PREFLIGHT)) == set()


def test_capture_keeps_its_own_rules(serve, source):
    with client_of(serve(cors_origins=PAGE)) as client:
        posted = client.post(
            f"/api/crm/capture/{source.token}", json={"email": "a@b.example"}, headers={"Origin": PAGE}
        )
        assert (posted.status_code, cors(posted)) == (202, set())
        asked = client.options(f"/api/crm/capture/{source.token}", headers=PREFLIGHT)
        assert "access-control-allow-origin" not in asked.headers


@pytest.mark.parametrize(
    "given", ["*", "app.example", "https://app.example/path", "https://a.example,*", "null"]
)
def test_what_is_no_origin_is_refused_when_the_process_starts(given):
    urls = {"app_database_url": "postgresql://nowhere", "capture_database_url": "postgresql://nowhere"}
    with pytest.raises(ValidationError, match="origins"):
        Settings.model_validate({**urls, "cors_origins": given})
