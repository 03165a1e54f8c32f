"""What can be set for the local stack, all read from the environment, each with its description."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from deployments.errors import BadSetting

Port = Annotated[int, Field(ge=1, le=65535)]
Absolute = Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())]


class Settings(BaseSettings):
    """The settings of `crm up` and its kin; each is the environment variable CRM_ + its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="CRM_", env_ignore_empty=True, extra="ignore", frozen=True)

    home: Absolute = Field(
        default=Path(".crm"),
        validate_default=True,
        description="Folder of this installation: credentials, logs, outbox, an ordinary user's database.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="An existing PostgreSQL (15 or newer) instead of the embedded one: postgresql:// of "
        "a login that may create roles and databases. The databases crm and prefect are made there.",
    )
    data_dir: Absolute | None = Field(
        default=None,
        description="Folder for the embedded database when it shall not be in CRM_HOME (as root: not in "
        "/var/lib/essentials-crm).",
    )
    api_port: Port = Field(default=8000, description="Port of the API and the dashboard on 127.0.0.1.")
    api_workers: int = Field(default=2, ge=1, le=64, description="Number of API processes.")
    prefect_port: Port = Field(default=4200, description="Port of Prefect's server and UI on 127.0.0.1.")
    prefect_history_hours: int = Field(
        default=48, ge=2, description="Hours for which Prefect keeps finished runs, their logs and events."
    )
    org_name: str = Field(default="My Company", description="Name of the organisation the first start makes.")
    admin_email: str = Field(
        default="admin@example.com", description="E-mail address of the administrator the first start makes."
    )
    start_seconds: float = Field(
        default=300.0,
        gt=0,
        description="Seconds within which the whole stack must be ready, or crm up gives up.",
    )
    stop_seconds: float = Field(
        default=45.0,
        gt=0,
        description="Seconds a process gets to finish its work in hand before it is killed.",
    )
    log_megabytes: float = Field(
        default=20.0,
        gt=0,
        description="Size at which a process's log file is put aside; three old ones are kept.",
    )
    debug: bool = Field(default=False, description="Show the whole trace of an error of the command line.")

    @property
    def api_url(self) -> str:
        """Where the API and the dashboard are."""
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def prefect_url(self) -> str:
        """Where Prefect's UI is; its API is below /api."""
        return f"http://127.0.0.1:{self.prefect_port}"


def load_settings() -> Settings:
    """The settings of this process's environment; raises BadSetting naming the first wrong variable."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise BadSetting(f"CRM_{str(first['loc'][0]).upper()}", first["msg"]) from None
