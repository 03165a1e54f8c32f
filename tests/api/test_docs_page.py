"""/docs: the description of the API as a page, from this host alone and under a strict policy."""

import os
import re
import shutil

import pytest

from tests.api.serving import is_problem

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def test_the_page_and_its_parts_come_from_here_under_a_strict_policy(anyone):
    page = anyone.get("/docs")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    parts = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert not [part for part in parts if part.startswith(("http", "//"))]
    assert "<script>" not in page.text and "style=" not in page.text
    for part in (part for part in parts if part.startswith("docs/")):
        answer = anyone.get(f"/{part}")
        assert answer.status_code == 200, part
        assert answer.headers["content-type"].startswith(("text/javascript", "text/css"))
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self';" in policy
    assert "unsafe" not in policy and "http" not in policy


@pytest.mark.parametrize("name", ["index.html", "README.md", "LICENSE", "..%2fapp.py", "nothing.js"])
def test_nothing_else_is_served_from_there(anyone, name):
    is_problem(anyone.get(f"/docs/{name}"), 422, "invalid_request") if "%2f" not in name else is_problem(
        anyone.get(f"/docs/{name}"), 404, "no_such_path"
    )


def test_the_page_is_not_part_of_what_it_describes(anyone):
    assert not [path for path in anyone.get("/openapi.json").json()["paths"] if "docs" in path]


def test_a_browser_shows_every_route_and_tries_one_and_asks_no_other_host(admin, org, tmp_path):
    """The policy is kept: the browser reports no breach of it."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    from playwright.sync_api import expect, sync_playwright

    asked, said = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu"],
            env={**os.environ, "HOME": str(tmp_path)},
        )
        page = browser.new_page(viewport={"width": 1280, "height": 20_000})  # it draws what is in view only
        page.set_default_timeout(60_000)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(f"{admin.base_url}/docs")
        expect(page.locator(".opblock").first).to_be_visible(timeout=60_000)
        routes = admin.get("/openapi.json").json()["paths"]
        expect(page.locator(".opblock")).to_have_count(
            sum(len(methods) for methods in routes.values()), timeout=60_000
        )
        page.locator("button.authorize").first.click()
        page.locator("input[aria-label=auth-api-key-value], .auth-container input").first.fill(org.api_key)
        page.locator(".auth-btn-wrapper button.authorize").first.click()
        page.locator(".btn-done").first.click()
        page.locator("#operations-teams-list_records_teams .opblock-summary-control").click()
        page.get_by_role("button", name="Try it out").click()
        page.get_by_role("button", name="Execute").click()
        expect(page.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")
        if folder := os.environ.get("CRM_PICTURES"):
            page.screenshot(path=f"{folder}/docs.png")
        browser.close()
    here = str(admin.base_url).rstrip("/")
    assert not [url for url in asked if not url.startswith((here, "data:"))]
    assert said == []
