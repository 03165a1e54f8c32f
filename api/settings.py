"""What can be set for the API, all read from the environment once per process."""

import re

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.browser import normal_origin
from api.errors import BadSetting

_ADDRESS = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*)?")
ARRAYS_MAY_BE_LARGER_BY = 8


class Settings(BaseSettings):
    """The settings of the API; the environment variable is the alias of each field."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True, populate_by_name=True
    )

    app_database_url: SecretStr = Field(
        alias="CRM_APP_DATABASE_URL", description="Database login of the API (role crm_app)."
    )
    capture_database_url: SecretStr = Field(
        alias="CRM_CAPTURE_DATABASE_URL",
        description="Database login that keeps submissions (role crm_capture).",
    )
    public_url: str = Field(
        default="http://127.0.0.1:8000",
        alias="CRM_PUBLIC_URL",
        validation_alias=AliasChoices("CRM_PUBLIC_URL", "CRM_API_URL"),
        description="Address under which senders reach the API, such as https://crm.example; HubSpot signs it.",
    )
    app_pool_size: int = Field(
        default=10,
        ge=1,
        alias="CRM_APP_POOL_SIZE",
        description="Connections that an API process makes at the most for REST.",
    )
    list_threads: int = Field(
        default=2,
        ge=1,
        alias="CRM_LIST_THREADS",
        description="Lists that an API process reads at one time; on few processors more are slower, not faster.",
    )
    capture_pool_size: int = Field(
        default=6,
        ge=1,
        alias="CRM_CAPTURE_POOL_SIZE",
        description="Connections of an API process for capture.",
    )
    database_wait_seconds: float = Field(
        default=5,
        gt=0,
        alias="CRM_API_DATABASE_WAIT",
        description="Seconds that a submission waits for a database connection before the answer is 503.",
    )
    capture_max_bytes: int = Field(
        default=1024 * 1024,
        ge=1,
        alias="CRM_CAPTURE_MAX_BYTES",
        description="Largest body of one submission; a JSON array may be eight times as large.",
    )
    capture_rate_per_minute: int = Field(
        default=60_000,
        ge=1,
        alias="CRM_CAPTURE_RATE_PER_MINUTE",
        description="Submissions a minute that an API process takes from a source without a rate of its own.",
    )
    form_rate_per_minute: int = Field(
        default=30,
        ge=1,
        alias="CRM_FORM_RATE_PER_MINUTE",
        description="Posts a minute that an API process takes from one visitor's address to one browser form.",
    )
    cors_origins: str = Field(
        default="",
        alias="CRM_CORS_ORIGINS",
        description="Web pages whose scripts may call the API, such as https://app.example, between commas; none when empty.",
    )
    live_sockets: int = Field(
        default=1000,
        ge=1,
        alias="CRM_LIVE_SOCKETS",
        description="Live connections that an API process keeps open.",
    )
    live_sockets_per_key: int = Field(
        default=20,
        ge=1,
        alias="CRM_LIVE_SOCKETS_PER_KEY",
        description="Live connections that an API process keeps open for one API key.",
    )
    prefect_api_url: str = Field(
        default="http://127.0.0.1:4200/api", alias="PREFECT_API_URL", description="Prefect's REST API."
    )
    prefect_auth: SecretStr | None = Field(
        default=None, alias="PREFECT_API_AUTH_STRING", description="user:password for Prefect's REST API."
    )

    @field_validator("public_url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        """The address without a slash at its end."""
        if not _ADDRESS.fullmatch(url):
            raise ValueError("is http:// or https://, a host, and perhaps a port and a path")
        return url.rstrip("/")

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, given: str) -> str:
        """Origins as browsers write them."""
        origins = [normal_origin(part.strip().rstrip("/")) for part in given.split(",") if part.strip()]
        if None in origins:
            raise ValueError("is origins such as https://app.example, between commas; * is not taken")
        return ",".join(filter(None, origins))

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """Web pages whose scripts may call the API."""
        return tuple(filter(None, self.cors_origins.split(",")))

    @property
    def capture_max_array_bytes(self) -> int:
        """Largest body of a JSON array of submissions."""
        return self.capture_max_bytes * ARRAYS_MAY_BE_LARGER_BY


def load_settings() -> Settings:
    """This process's settings; raises BadSetting naming each wrong variable, never its value."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False)
        raise BadSetting("; ".join(f"{item['loc'][0]}: {item['msg']}" for item in wrong)) from None
