"""What the settings classes say, as the rows that docs/configuration.md has to hold."""

from __future__ import annotations

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from api.settings import Settings as ApiSettings
from deployments.settings import Settings as DeploymentSettings
from integrations.settings import IntegrationSettings

CLASSES: tuple[type[BaseSettings], ...] = (DeploymentSettings, ApiSettings, IntegrationSettings)
"""Where two describe one variable, the first one's words stand in the document."""


def documented_rows() -> dict[str, str]:
    """Variable to its row (name, default, description), where people and not `crm up` set it."""
    rows: dict[str, str] = {}
    for settings in CLASSES:
        prefix = settings.model_config.get("env_prefix", "")
        for name, field in settings.model_fields.items():
            variable = field.alias or f"{prefix}{name}".upper()
            if not field.is_required() and not variable.startswith("PREFECT_"):
                rows.setdefault(variable, row(variable, field))
    return rows


def row(variable: str, field: FieldInfo) -> str:
    """A row of a Markdown table."""
    words = (field.description or "").replace("|", "\\|")
    return f"| `{variable}` | {_default(field)} | {words} |"


def _default(field: FieldInfo) -> str:
    if field.default in (None, ""):
        return ""
    if isinstance(field.default, float):
        return f"`{field.default:g}`"
    return f"`{field.default}`".lower() if isinstance(field.default, bool) else f"`{field.default}`"
