"""The e-mails that were sent without a mail server: files that a person can read."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from deployments.errors import DeploymentError


@dataclass(frozen=True)
class SentFile:
    """One e-mail in CRM_HOME/outbox; `name` is its file name without .eml."""

    name: str
    sent_at: datetime
    to: str
    subject: str
    path: str


def sent_files(home: Path, limit: int) -> list[SentFile]:
    """The youngest e-mails, youngest first."""
    files = _folder(home).glob("*.eml")
    dated = sorted(((path.stat().st_mtime, path) for path in files), reverse=True)
    return [_sent_file(path, moment) for moment, path in dated[:limit]]


def find_file(home: Path, name: str) -> Path:
    """The file with this name or beginning; raises DeploymentError when that is not exactly one."""
    files = sorted(_folder(home).glob("*.eml"))
    found = [path for path in files if name in {path.stem, path.name}]
    found = found or [path for path in files if path.name.startswith(name)]
    if len(found) != 1:
        what = "No e-mail" if not found else "More than one e-mail"
        raise DeploymentError(f"{what} in {_folder(home)} is named {name}; crm outbox list shows them.")
    return found[0]


def read_message(path: Path) -> EmailMessage:
    """The parsed message."""
    with path.open("rb") as file:
        message = BytesParser(policy=policy.default).parse(file)
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage) -> str:
    """Its readable text, plain before HTML; empty when there is none."""
    body = message.get_body(preferencelist=("plain", "html"))
    return str(body.get_content()) if body is not None else ""


def _folder(home: Path) -> Path:
    return home / "outbox"


def _sent_file(path: Path, moment: float) -> SentFile:
    message = read_message(path)
    sent_at = datetime.fromtimestamp(moment, UTC)
    return SentFile(path.stem, sent_at, str(message["To"] or ""), str(message["Subject"] or ""), str(path))
