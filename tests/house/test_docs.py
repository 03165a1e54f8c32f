"""The documents point at what exists, and tell of every setting and every verb."""

from __future__ import annotations

import re
from pathlib import Path

from integrations.settings import IntegrationSettings
from tests.house.code import PRODUCT, ROOT, modules

LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")
SETTING = re.compile(r"CRM_[A-Z][A-Z0-9_]*[A-Z0-9]")


def documents() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def settings_in_use() -> set[str]:
    """Every environment variable of ours that the product's code names."""
    texts = {str(text.value) for source in modules(*PRODUCT) for text in source.texts()}
    fields = {f"CRM_{name.upper()}" for name in IntegrationSettings.model_fields}
    return {text for text in texts if SETTING.fullmatch(text)} | fields


def test_every_link_between_documents_leads_somewhere() -> None:
    broken = [
        f"{document.relative_to(ROOT)}: {target}"
        for document in documents()
        for target in LINK.findall(document.read_text(encoding="utf-8"))
        if not (document.parent / target).exists()
    ]
    assert broken == []


def test_every_setting_is_documented() -> None:
    documented = set(SETTING.findall((ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")))
    assert sorted(settings_in_use() - documented) == []


def test_every_verb_of_the_makefile_explains_itself() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    promised = re.search(r"^\.PHONY: (help .*)$", makefile, re.MULTILINE)
    assert promised is not None
    explained = re.findall(r"^([a-z]+):.*## \S", makefile, re.MULTILINE)
    assert sorted(promised[1].split()) == sorted(explained)
