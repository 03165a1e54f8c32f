"""Settings, secrets, addresses, and what each child gets to know."""

import json
import stat
from pathlib import Path

import pytest

from deployments.addresses import derive_addresses, for_asyncpg, without_password
from deployments.cli.failures import sentence_of
from deployments.embedded.accounts import own_folder
from deployments.environment import Environments
from deployments.errors import BadSetting, DeploymentError
from deployments.local.ports import check_ports
from deployments.local.providers import check_providers
from deployments.secret_files import Secrets, load_secrets, read_json, write_json
from deployments.settings import Settings, load_settings

ROLES = ("crm_owner", "crm_app", "crm_flow", "crm_capture", "crm_prefect")
ADMIN = "postgresql://admin:secret@db.example.com:6432/postgres?sslmode=require"


@pytest.fixture
def environments(tmp_path: Path) -> Environments:
    passwords = Secrets()
    settings = Settings(home=tmp_path, api_port=8123, prefect_port=4321)
    return Environments(settings, passwords, derive_addresses(ADMIN, passwords.roles()), "an instance")


def test_the_home_is_a_folder_of_the_present_one_and_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CRM_HOME", raising=False)
    assert load_settings().home == tmp_path / ".crm"
    monkeypatch.setenv("CRM_HOME", "elsewhere")
    assert load_settings().home == tmp_path / "elsewhere"


@pytest.mark.parametrize(
    ("name", "value"),
    [("CRM_API_PORT", "0"), ("CRM_API_PORT", "65536"), ("CRM_PREFECT_PORT", "x"), ("CRM_API_WORKERS", "0")],
)
def test_a_wrong_value_is_refused_by_its_variable_name_without_repeating_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting, match=name):
        load_settings()


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_secrets_are_made_once_and_private(tmp_path: Path) -> None:
    made = load_secrets(tmp_path)
    assert load_secrets(tmp_path) == made
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    assert len(set(made.roles().values())) == len(ROLES)
    assert set(made.roles()) == set(ROLES)


def test_a_secret_that_an_older_version_did_not_have_is_added_and_kept(tmp_path: Path) -> None:
    load_secrets(tmp_path)
    known = read_json(tmp_path / "secrets.json")
    crm_app = known.pop("crm_app")
    write_json(tmp_path / "secrets.json", known)
    renewed = load_secrets(tmp_path)
    assert renewed.crm_app != crm_app
    assert renewed.crm_owner == known["crm_owner"]
    assert load_secrets(tmp_path) == renewed


def test_secrets_that_cannot_be_read_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text('{"crm_owner": ')
    with pytest.raises(DeploymentError, match=r"secrets\.json"):
        load_secrets(tmp_path)
    assert (tmp_path / "secrets.json").read_text() == '{"crm_owner": '


def test_logins_are_derived_on_the_server_of_the_administrator() -> None:
    passwords = dict.fromkeys(ROLES, "p/w@")
    addresses = derive_addresses(ADMIN, passwords)
    assert addresses.app == "postgresql://crm_app:p%2Fw%40@db.example.com:6432/crm?sslmode=require"
    assert (
        addresses.prefect == "postgresql://crm_prefect:p%2Fw%40@db.example.com:6432/prefect?sslmode=require"
    )


def test_logins_through_a_socket_keep_the_empty_host() -> None:
    addresses = derive_addresses("postgresql://postgres:x@/postgres?host=/run/pg", dict.fromkeys(ROLES, "y"))
    assert addresses.flow == "postgresql://crm_flow:y@/crm?host=/run/pg"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u:p@/prefect?host=/run/pg", "postgresql+asyncpg://u:p@/prefect?host=/run/pg"),
        ("postgresql://u:p@h:1/d?sslmode=require", "postgresql+asyncpg://u:p@h:1/d?ssl=require"),
        ("postgresql://u:p@h/d?application_name=x", "postgresql+asyncpg://u:p@h/d"),
    ],
)
def test_prefect_gets_only_the_options_its_driver_knows(url: str, expected: str) -> None:
    assert for_asyncpg(url) == expected


def test_an_address_of_another_kind_is_refused() -> None:
    with pytest.raises(BadSetting, match="CRM_DATABASE_URL"):
        derive_addresses("mysql://a:b@c/d", dict.fromkeys(ROLES, ""))


def test_an_address_for_people_has_no_password() -> None:
    assert without_password(ADMIN) == "postgresql://admin@db.example.com:6432/postgres"
    assert without_password("postgresql://u:p@/crm?host=/run/pg") == "postgresql://u@/run/pg/crm"


@pytest.mark.parametrize(
    ("who", "logins"),
    [
        ("api", {"crm_app", "crm_capture"}),
        ("flows", {"crm_flow"}),
        ("prefect", {"crm_prefect"}),
    ],
)
def test_each_process_knows_only_the_logins_it_needs(
    environments: Environments, monkeypatch: pytest.MonkeyPatch, who: str, logins: set[str]
) -> None:
    monkeypatch.setenv("CRM_DATABASE_URL", ADMIN)
    environment: dict[str, str] = getattr(environments, who)()
    text = json.dumps(environment)
    passwords = environments.secrets.roles() | {"administrator": "admin:secret"}
    assert {role for role, password in passwords.items() if password in text} == logins


def test_variables_that_would_mislead_libpq_or_prefect_are_not_inherited(
    environments: Environments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PREFECT_PROFILE", "cloud")
    monkeypatch.setenv("CRM_SMTP_URL", "smtp://localhost:2525")
    environment = environments.flows()
    assert "PGPORT" not in environment
    assert "PREFECT_PROFILE" not in environment
    assert environment["CRM_SMTP_URL"] == "smtp://localhost:2525"


def test_children_find_each_other_and_the_home(environments: Environments, tmp_path: Path) -> None:
    environment = environments.api()
    assert environment["CRM_API_URL"] == "http://127.0.0.1:8123"
    assert environment["PREFECT_API_URL"] == "http://127.0.0.1:4321/api"
    assert environment["PREFECT_HOME"] == str(tmp_path / "prefect")
    assert environment["CRM_INSTANCE"] == "an instance"
    assert environment["PREFECT_SERVER_ALLOW_EPHEMERAL_MODE"] == "false"


def test_prefect_writes_its_ui_into_the_home_and_not_into_its_package(
    environments: Environments, tmp_path: Path
) -> None:
    folder = environments.prefect()["PREFECT_SERVER_UI_STATIC_DIRECTORY"]
    assert Path(folder).is_relative_to(tmp_path)


def test_a_json_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    write_json(path, {"a": 1})
    write_json(path, {"b": 2})
    assert read_json(path) == {"b": 2}
    assert [found.name for found in tmp_path.iterdir()] == ["file.json"]


def test_a_login_in_the_options_of_an_address_is_the_administrators_alone() -> None:
    passwords = Secrets()
    admin = "postgresql:///postgres?host=/run/pg&user=root&password=secret&sslmode=disable"
    app = derive_addresses(admin, passwords.roles()).app
    assert app.endswith("@/crm?host=/run/pg&sslmode=disable")
    assert "root" not in app
    assert "secret" not in app


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("CRM_PROVIDER_EMAIL", "pigeon", "CRM_PROVIDER_EMAIL"),
        ("CRM_SMTP_URL", "http://mail.example.com", "CRM_SMTP_URL"),
        ("CRM_EMAIL_FROM", "nobody", "CRM_EMAIL_FROM"),
    ],
)
def test_a_wrong_provider_is_said_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(DeploymentError, match=says):
        check_providers(tmp_path)


def test_one_port_for_both_servers_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="CRM_PREFECT_PORT"):
        check_ports(Settings(home=tmp_path, api_port=18999, prefect_port=18999))


def test_a_home_that_is_a_file_is_said_in_one_sentence(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("")
    with pytest.raises(OSError) as caught:
        own_folder(place)
    assert sentence_of(caught.value) == f"{place} cannot be used: File exists."
