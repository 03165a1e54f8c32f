"""Finding the database of a CRM_HOME from the outside, and running it for a moment where needed."""

from collections.abc import Iterator
from contextlib import contextmanager

from deployments.addresses import Addresses, derive_addresses
from deployments.embedded.postgres import Cluster
from deployments.local.run_state import exclusive
from deployments.secret_files import Secrets, known_secrets, load_secrets
from deployments.settings import Settings

START_SECONDS = 120.0


def cluster_of(settings: Settings, passwords: Secrets) -> Cluster | None:
    """The embedded cluster, or None when the settings name a server of the user's own."""
    if settings.database_url is not None:
        return None
    return Cluster(settings.home, passwords.postgres, data_dir=settings.data_dir)


def addresses_of(settings: Settings, passwords: Secrets, cluster: Cluster | None) -> Addresses:
    """All logins on whichever server it is."""
    if cluster is not None:
        admin = cluster.admin_url
    else:
        assert settings.database_url is not None
        admin = settings.database_url.get_secret_value()
    return derive_addresses(admin, passwords.roles())


def located_addresses(settings: Settings) -> Addresses | None:
    """The logins of a CRM_HOME that has been started before; None when it never was. Nothing is written."""
    passwords = known_secrets(settings.home)
    if passwords is None:
        return None
    return addresses_of(settings, passwords, cluster_of(settings, passwords))


@contextmanager
def running_database(settings: Settings) -> Iterator[Addresses]:
    """The logins of a running database; a stopped embedded one runs until the block ends."""
    passwords = load_secrets(settings.home)
    cluster = cluster_of(settings, passwords)
    addresses = addresses_of(settings, passwords, cluster)
    if cluster is None or cluster.running() is not None:
        yield addresses
        return
    with exclusive(settings.home):
        cluster.prepare()
        cluster.spawn()
        try:
            cluster.wait_ready(START_SECONDS)
            yield addresses
        finally:
            cluster.stop("fast")
