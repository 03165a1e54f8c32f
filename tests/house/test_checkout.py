"""What is committed names no machine and no package registry, and holds what a checkout promises."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.house.code import ROOT

# Written in pieces, so that this file does not name what it looks for.
MACHINE_PATHS = "|".join(f"/{folder}/" for folder in ("work", "root", "Users", "tmp/brief", "home/[a-z]+"))
REGISTRY_HOSTS = "|".join(
    rf"{host}\.{end}"
    for host, end in [("pypi", "org"), ("pythonhosted", "org"), ("registry.npmjs", "org"), ("yarnpkg", "com")]
)
MACHINE_PATH = rf"(^|[^A-Za-z0-9_.~}}$)*])({MACHINE_PATHS})"
INDEX_OPTIONS = "^[[:space:]]*(-i|--(extra-)?index-url|--find-links|--trusted-host)[ =]"


def git(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Git's answer about this checkout, whoever owns its files; skips by name where there is none."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = ["git", "-c", "safe.directory=*", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def found(pattern: str, *paths: str) -> list[str]:
    """Committed lines that match an extended regular expression."""
    result = git("grep", "-nIE", "-e", pattern, "--", *paths)
    assert result.returncode in {0, 1}, result.stderr
    return result.stdout.splitlines()


def test_no_committed_file_names_a_path_of_a_machine() -> None:
    assert found(MACHINE_PATH) == []


@pytest.mark.parametrize("folder", ["work", "root", "home/jo", "Users"])
def test_a_path_of_a_machine_is_recognised(folder: str) -> None:
    assert re.search(MACHINE_PATH, f'data = "/{folder}/data"')
    assert not re.search(MACHINE_PATH, f"docs/{folder}/data and https://example.com/{folder}/data")


def test_no_committed_file_names_a_package_registry() -> None:
    assert re.search(REGISTRY_HOSTS, "https://files." + "pythonhosted" + ".org/simple")
    assert found(REGISTRY_HOSTS) == []


def test_the_lock_says_what_to_install_and_not_from_where() -> None:
    assert found(INDEX_OPTIONS, "requirements.lock") == []


def test_every_locked_package_is_held_by_a_hash() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    pins = [line for line in lines if line[:1].isalnum()]
    assert len(pins) > 50
    assert [line.split()[0] for line in pins if "==" not in line or "--hash=sha256:" not in line] == []


def test_what_is_made_here_is_not_committed() -> None:
    ignored = [".venv/x", ".crm/credentials.json", "essentials_crm.egg-info/x", "api/__pycache__/x"]
    assert git("check-ignore", *ignored).stdout.split() == ignored


def test_the_gate_can_be_run() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_licence_is_the_one_the_project_names() -> None:
    text = Path(ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
