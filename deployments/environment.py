"""The environment of every child process: what it needs, and no database login beyond that."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deployments.addresses import Addresses, for_asyncpg
from deployments.one_certificate import one_certificate
from deployments.secret_files import Secrets
from deployments.settings import Settings

PROJECT = Path(__file__).parent.parent
LEASE_STORAGE = "prefect.server.concurrency.lease_storage.filesystem"
ORPHAN_CLEANUP_SECONDS = 3600
NOT_INHERITED = ("PG", "PREFECT_", "CRM_DATABASE_URL", "CRM_DEBUG")


@dataclass(frozen=True)
class Environments:
    """Builds the environments of one `crm up`; `instance` is its random id."""

    settings: Settings
    secrets: Secrets
    addresses: Addresses
    instance: str

    def api(self) -> dict[str, str]:
        """The API answers callers as crm_app, keeps submissions as crm_capture, and knows Prefect by REST."""
        return self._common() | {
            "CRM_APP_DATABASE_URL": self.addresses.app,
            "CRM_CAPTURE_DATABASE_URL": self.addresses.capture,
        }

    def flows(self) -> dict[str, str]:
        """The intakes and the worker run flows as crm_flow."""
        return self._common() | {"CRM_FLOW_DATABASE_URL": self.addresses.flow}

    def prefect(self) -> dict[str, str]:
        """Prefect's server has its own database, keeps a short history and asks for a password."""
        address = for_asyncpg(self.addresses.prefect)
        history = f"PT{self.settings.prefect_history_hours}H"
        return self._common() | {
            "CRM_PREFECT_DATABASE_URL": self.addresses.prefect,
            "PREFECT_API_DATABASE_CONNECTION_URL": address,
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": address,
            "PREFECT_SERVER_API_AUTH_STRING": self.secrets.prefect_auth,
            "PREFECT_SERVER_ENCRYPTION_KEY": self.secrets.prefect_encryption_key,
            "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": history,
            "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
            "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": history,
            # "flow_runs" brings the clean-up of what lost its run; by itself it comes once a day.
            "PREFECT_SERVER_SERVICES_DB_VACUUM_ORPHAN_CLEANUP_LOOP_SECONDS": str(ORPHAN_CLEANUP_SECONDS),
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": LEASE_STORAGE,
            # Else the server writes its UI into its own package, which may be another account's.
            "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(self.settings.home / "prefect" / "ui"),
        }

    def _common(self) -> dict[str, str]:
        settings = self.settings
        return inherited(os.environ) | {
            "CRM_HOME": str(settings.home),
            "CRM_API_PORT": str(settings.api_port),
            "CRM_PREFECT_PORT": str(settings.prefect_port),
            "CRM_API_URL": settings.api_url,
            "CRM_INSTANCE": self.instance,
            "TMPDIR": str(settings.home / "tmp"),
            "PREFECT_HOME": str(settings.home / "prefect"),
            "PREFECT_API_SSL_CERT_FILE": str(one_certificate(settings.home)),
            "PREFECT_API_URL": f"{settings.prefect_url}/api",
            "PREFECT_API_AUTH_STRING": self.secrets.prefect_auth,
            "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_LOGGING_LEVEL": "WARNING",
            "PYTHONPATH": os.pathsep.join([str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]),
            "PYTHONUNBUFFERED": "1",
        }


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """What children get of our environment: not libpq's and Prefect's variables, which would mislead."""
    return {name: value for name, value in environment.items() if not name.startswith(NOT_INHERITED)}
