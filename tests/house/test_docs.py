"""The documents point at what exists, and tell of every setting, route, error code, flow and verb."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import yaml

from api.app import create_app
from api.errors import ANSWERS
from api.settings import Settings as ApiSettings
from benchmarks.__main__ import MEASUREMENTS
from benchmarks.page import WORDS
from integrations.registry import provider_names
from tests.house.code import PRODUCT, ROOT, dotted, modules
from tests.house.settings import documented_rows

LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")
ANCHOR = re.compile(r"\]\(([^)#\s]*)#([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
SETTING = re.compile(r"CRM_[A-Z][A-Z0-9_]*[A-Z0-9]")
CODES = {"Unreadable", "Unusable"}
"""Failures whose first argument is a code that callers and dead letters show."""


def documents() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def page(name: str) -> str:
    """The text of one page below docs/."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def settings_in_use() -> set[str]:
    """Every environment variable of ours that the product's code names."""
    texts = {str(text.value) for source in modules(*PRODUCT) for text in source.texts()}
    return {text for text in texts if SETTING.fullmatch(text)} | set(documented_rows())


def anchors(document: Path) -> set[str]:
    """How the headings of a document are linked to."""
    headings = HEADING.findall(document.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def codes() -> set[str]:
    """Every error code of the API, and every code with which a dead letter's reason begins."""
    shown = {answer.code for answer in ANSWERS.values() if answer.code}
    for source in modules("crm_db/rules", "api"):
        for call in source.calls():
            first = call.args[0] if call.args and dotted(call.func) in CODES else None
            if len(call.args) > 1 and isinstance(first, ast.Constant):
                shown.add(str(first.value))
    return shown


def routes() -> set[str]:
    """Every route of the API, as `METHOD path`."""
    nowhere = {"app_database_url": "postgresql://nowhere", "capture_database_url": "postgresql://nowhere"}
    paths = create_app(ApiSettings.model_validate(nowhere)).openapi()["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


def test_every_link_between_documents_leads_somewhere() -> None:
    broken = [
        f"{document.relative_to(ROOT)}: {target}"
        for document in documents()
        for target in LINK.findall(document.read_text(encoding="utf-8"))
        if not (document.parent / target).exists()
    ]
    assert broken == []


def test_every_link_to_a_heading_finds_it() -> None:
    broken = [
        f"{document.relative_to(ROOT)}: {target}#{anchor}"
        for document in documents()
        for target, anchor in ANCHOR.findall(document.read_text(encoding="utf-8"))
        if not target.startswith("http")
        and anchor not in anchors(document.parent / target if target else document)
    ]
    assert broken == []


def test_every_setting_is_documented() -> None:
    assert sorted(settings_in_use() - set(SETTING.findall(page("configuration.md")))) == []


def test_no_setting_is_documented_that_there_is_not() -> None:
    assert sorted(set(SETTING.findall(page("configuration.md"))) - settings_in_use()) == []


def test_settings_are_documented_with_their_defaults_and_in_their_own_words() -> None:
    lines = set(page("configuration.md").splitlines())
    assert [row for row in documented_rows().values() if row not in lines] == []


def test_every_route_is_documented() -> None:
    assert sorted(route for route in routes() if not is_documented(route)) == []


def is_documented(route: str) -> bool:
    """Whether a route stands on the page of the API, by itself or as one that all kinds of record have."""
    verb, path = route.split()
    records = "/".join(path.split("/")[:4])
    of_all = f"`{verb} {{records}}{path.removeprefix(records)}`" in page(
        "api.md"
    ) and f"| `{records}` |" in page("api.md")
    return of_all or f"`{route}`" in page("api.md")


def test_every_error_code_is_documented() -> None:
    assert {"no_contact", "not_json", "unauthenticated"} <= codes()
    assert sorted(code for code in codes() if f"`{code}`" not in page("api.md")) == []


def test_every_flow_is_documented() -> None:
    listed = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    assert [flow["name"] for flow in listed if f"`{flow['name']}`" not in page("architecture.md")] == []


def test_every_measurement_has_its_section_on_the_page_of_performance() -> None:
    assert sorted(WORDS) == sorted(MEASUREMENTS)
    assert [name for name in WORDS if f"## {name}\n" not in page("performance.md")] == []


def test_every_provider_is_documented() -> None:
    names = {*provider_names("email"), *provider_names("calendar")}
    assert sorted(name for name in names if name not in page("configuration.md")) == []


def test_every_verb_of_the_makefile_explains_itself() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    promised = re.search(r"^\.PHONY: (help .*)$", makefile, re.MULTILINE)
    assert promised is not None
    explained = re.findall(r"^([a-z]+):.*## \S", makefile, re.MULTILINE)
    assert sorted(promised[1].split()) == sorted(explained)
