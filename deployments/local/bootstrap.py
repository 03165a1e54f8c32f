"""From an empty server to a database to work on: roles, databases, schema, the first organisation."""

from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy.orm import Session

from crm_db import catalog, migrate, roles, session
from crm_db.actions import orgs
from deployments.addresses import CRM_DATABASE, PREFECT_DATABASE, Addresses
from deployments.embedded.binaries import OLDEST_MAJOR
from deployments.errors import DeploymentError
from deployments.secret_files import Secrets, read_json, write_json
from deployments.settings import Settings


@dataclass(frozen=True)
class Bootstrap:
    """The steps for one CRM_HOME; each may run at every start and changes nothing the second time."""

    settings: Settings
    secrets: Secrets
    addresses: Addresses

    def make_databases(self) -> None:
        """Roles with their passwords, and both databases with their owners."""
        check_version(self.addresses.admin)
        roles.ensure_roles(self.addresses.admin, self.secrets.roles())
        try:
            roles.ensure_database(self.addresses.admin, CRM_DATABASE, "crm_owner")
            roles.ensure_database(self.addresses.admin, PREFECT_DATABASE, "crm_prefect")
        except roles.NotOurs as stranger:
            raise DeploymentError(f"CRM_DATABASE_URL: {stranger}.") from None

    def migrate(self) -> migrate.MigrationReport:
        """Bring the schema to its present shape."""
        return migrate.upgrade(self.addresses.owner)

    def check_walls(self) -> None:
        """Raises DeploymentError when the database lacks a wall between orgs, or a login may more than it should."""
        if problems := catalog.problems(self.addresses.owner):
            more = f" (and {len(problems) - 1} more; crm doctor lists them)" if len(problems) > 1 else ""
            raise DeploymentError(f"The database is not safe to serve: {problems[0]}{more}.")

    def ensure_credentials(self) -> None:
        """Make the first organisation and its administrator, and write credentials.json.

        A start that was killed between the two has lost the key it made: then another is made.
        """
        path = self.settings.home / "credentials.json"
        known = read_json(path)
        session.bind(self.addresses.owner, pool_size=2)
        try:
            with session.unit_of_work() as work:
                made = self._first_org(work, known)
        finally:
            session.unbind()
        content = known | self._facts(known) | made
        if content != known:
            write_json(path, content)

    def _first_org(self, work: Session, known: dict[str, Any]) -> dict[str, str]:
        facts = self._facts(known)
        first = orgs.ensure_first_org(
            work,
            name=facts["org_name"],
            admin_email=facts["admin_email"],
            admin_password=facts["admin_password"],
        )
        key = first.api_key or known.get("api_key") or orgs.renew_admin_key(work, first)
        return {"api_key": key, "org_id": str(first.org_id), "admin_id": str(first.admin_id)}

    def _facts(self, known: dict[str, Any]) -> dict[str, str]:
        """Who the administrator is was settled by the first start, where the servers are by this one."""
        return {
            "api_url": self.settings.api_url,
            "org_name": known.get("org_name", self.settings.org_name),
            "admin_email": known.get("admin_email", self.settings.admin_email),
            "admin_password": known.get("admin_password", self.secrets.admin_password),
            "prefect_url": self.settings.prefect_url,
            "prefect_auth": self.secrets.prefect_auth,
            "database_url": self.addresses.owner,
        }


def check_version(url: str) -> None:
    """Raises DeploymentError when the server cannot be reached or is too old."""
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            major = connection.info.server_version // 10_000
    except psycopg.OperationalError as error:
        first_line = str(error).splitlines()[0]
        raise DeploymentError(f"The database does not answer: {first_line}.") from None
    if major < OLDEST_MAJOR:
        raise DeploymentError(f"The database is PostgreSQL {major}; {OLDEST_MAJOR} or newer is needed.")
