"""Files that only their owner may read, replaced as a whole; and the passwords made once for a CRM_HOME."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from deployments.embedded.accounts import own_folder
from deployments.errors import DeploymentError


def _password() -> str:
    return secrets.token_urlsafe(24)


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


@dataclass(frozen=True)
class Secrets:
    """The passwords of one CRM_HOME; the defaults are new random ones."""

    postgres: str = field(default_factory=_password)
    crm_owner: str = field(default_factory=_password)
    crm_app: str = field(default_factory=_password)
    crm_flow: str = field(default_factory=_password)
    crm_capture: str = field(default_factory=_password)
    crm_prefect: str = field(default_factory=_password)
    prefect_auth: str = field(default_factory=lambda: f"admin:{_password()}")
    """User and password of Prefect's server, as `user:password`."""
    prefect_encryption_key: str = field(default_factory=_fernet_key)
    admin_password: str = field(default_factory=_password)

    def roles(self) -> dict[str, str]:
        """Database role to password."""
        return {name: value for name, value in asdict(self).items() if name.startswith("crm_")}


def load_secrets(home: Path) -> Secrets:
    """The secrets of CRM_HOME, made by the first call; what a newer version added is made and kept too."""
    path = home / "secrets.json"
    known = read_json(path)
    names = {part.name for part in fields(Secrets)}
    found = Secrets(**{name: str(value) for name, value in known.items() if name in names})
    if set(known) < names:
        write_json(path, asdict(found))
    return found


def known_secrets(home: Path) -> Secrets | None:
    """The secrets of a CRM_HOME that has been started before, else None; nothing is written."""
    return load_secrets(home) if (home / "secrets.json").exists() else None


def read_json(path: Path) -> dict[str, Any]:
    """The object in the file, empty when there is no file; raises DeploymentError when it is no object."""
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise DeploymentError(f"{path} cannot be read as JSON ({type(error).__name__}).") from error
    if not isinstance(content, dict):
        raise DeploymentError(f"{path} does not hold a JSON object.")
    return content


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Replace the file as a whole (0600): a reader sees the old or the new one, also after a power cut."""
    own_folder(path.parent)
    building = path.with_name(f".{path.name}.{os.getpid()}")
    building.unlink(missing_ok=True)
    handle = os.open(building, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(json.dumps(content, indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())
    building.replace(path)
