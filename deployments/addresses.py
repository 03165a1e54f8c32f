"""The database addresses of every login, for the embedded cluster and for one of the user's own."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from deployments.errors import BadSetting

CRM_DATABASE = "crm"
PREFECT_DATABASE = "prefect"
_OF_THE_LOGIN = {"user", "password", "passfile", "dbname", "service", "sslcert", "sslkey", "sslpassword"}


@dataclass(frozen=True)
class Addresses:
    """`postgresql://` addresses: the administrator's, used to make roles and databases, and each role's."""

    admin: str
    owner: str
    app: str
    flow: str
    capture: str
    prefect: str


def derive_addresses(admin: str, passwords: dict[str, str]) -> Addresses:
    """The logins on the administrator's server. `passwords`: role to password, as in Secrets.roles()."""
    if urlsplit(admin).scheme not in {"postgresql", "postgres"}:
        raise BadSetting("CRM_DATABASE_URL", "it must begin with postgresql://")

    def of(role: str, database: str = CRM_DATABASE) -> str:
        return with_login(admin, role, passwords[role], database)

    return Addresses(
        admin=admin,
        owner=of("crm_owner"),
        app=of("crm_app"),
        flow=of("crm_flow"),
        capture=of("crm_capture"),
        prefect=of("crm_prefect", PREFECT_DATABASE),
    )


def with_login(url: str, user: str, password: str, database: str) -> str:
    """The same server and options with another login and database; what of the options belongs to a login goes with it."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    login = f"{quote(user, safe='')}:{quote(password, safe='')}@{host}"
    # urlunsplit would drop the `//` of an address without a host, hence by hand.
    options = [(name, value) for name, value in parse_qsl(parts.query) if name not in _OF_THE_LOGIN]
    query = f"?{urlencode(options, safe='/')}" if options else ""
    return f"postgresql://{login}/{quote(database)}{query}"


def for_asyncpg(url: str) -> str:
    """The address for SQLAlchemy's asyncpg dialect: of libpq's options host, port and TLS mode remain."""
    parts = urlsplit(url)
    options = {"host": "host", "port": "port", "sslmode": "ssl"}
    query = urlencode(
        [(options[name], value) for name, value in parse_qsl(parts.query) if name in options], safe="/"
    )
    return urlunsplit(("postgresql+asyncpg", parts.netloc, parts.path, query, ""))


def without_password(url: str) -> str:
    """The address for people to read: user, host, database."""
    parts = urlsplit(url)
    user = (parts.username or "") + "@" if parts.username else ""
    host = dict(parse_qsl(parts.query)).get("host") or parts.netloc.rpartition("@")[2]
    return f"postgresql://{user}{host}{parts.path}"
