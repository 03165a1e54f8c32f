"""Whether the settings of the outside world can be used, asked before anything is started or sent."""

from pathlib import Path

from deployments.errors import DeploymentError
from integrations import registry
from integrations.errors import SettingsProblem
from integrations.settings import load_settings


def check_providers(home: Path) -> str:
    """Make each port's provider once and name them; raises DeploymentError with the sentence that says which setting is wrong."""
    try:
        settings = load_settings().model_copy(update={"home": home})
        registry.check(settings)
    except SettingsProblem as problem:
        raise DeploymentError(f"{problem}.") from None
    names = (
        ("e-mail", registry.email_sender(settings).name),
        ("calendar", registry.invite_sender(settings).name),
        ("telephone", registry.phone_line(settings).name),
    )
    return ", ".join(f"{port}: {name}" for port, name in names)
