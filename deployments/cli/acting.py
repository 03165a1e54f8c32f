"""Commands that read or change the CRM's data act as the administrator of the first organisation."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy.orm import Session

from crm_db.session import Identity, bind, unbind, unit_of_work
from deployments.errors import DeploymentError
from deployments.local.locate import located_addresses
from deployments.secret_files import read_json
from deployments.settings import load_settings


@contextmanager
def acting() -> Iterator[tuple[Session, Identity]]:
    """One transaction as the administrator; raises DeploymentError when no `crm up` has made one yet."""
    url, identity = login()
    bind(url, pool_size=2)
    try:
        with unit_of_work(identity) as session:
            yield session, identity
    finally:
        unbind()


def login() -> tuple[str, Identity]:
    """The database login of these commands, and the administrator as whom they act."""
    settings = load_settings()
    addresses = located_addresses(settings)
    known = read_json(settings.home / "credentials.json")
    if addresses is None or "org_id" not in known:
        raise DeploymentError(f"There is no CRM in {settings.home} yet; start one with crm up.")
    identity = Identity(org_id=UUID(known["org_id"]), user_id=UUID(known["admin_id"]), role="admin")
    return addresses.app, identity


def org_of(identity: Identity) -> UUID:
    """The organisation these commands act in."""
    assert identity.org_id is not None
    return identity.org_id
