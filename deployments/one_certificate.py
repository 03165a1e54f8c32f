"""A file with a single certificate, for Prefect's client.

Each flow run builds two TLS contexts, which read every authority of the machine, although Prefect is spoken to in plain HTTP on
this machine. With one certificate to read a run costs about half the CPU.
"""

from pathlib import Path

import certifi

END = "-----END CERTIFICATE-----"


def one_certificate(home: Path) -> Path:
    """The file in CRM_HOME; it is written when it is missing."""
    path = home / "prefect" / "one-certificate.pem"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        first = Path(certifi.where()).read_text(encoding="utf-8").partition(END)[0]
        draft = path.with_suffix(".draft")
        draft.write_text(first + END + "\n", encoding="utf-8")
        draft.replace(path)
    return path
