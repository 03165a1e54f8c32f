"""Which class fills a port: providers announce themselves, settings choose by name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Literal, TypeVar, cast

from integrations import providers
from integrations.errors import SettingsProblem
from integrations.ports import EmailSender, InviteSender
from integrations.settings import IntegrationSettings

Port = Literal["email", "calendar"]
Factory = Callable[[IntegrationSettings], object]
P = TypeVar("P", bound=Factory)

_FACTORIES: dict[tuple[Port, str], Factory] = {}


def provides(port: Port, name: str) -> Callable[[P], P]:
    """Mark the class (made from the settings alone) that fills `port` where the settings say `name`."""

    def announce(factory: P) -> P:
        known = _FACTORIES.setdefault((port, name), factory)
        if known is not factory:
            raise SettingsProblem(f"two providers of {port} are called {name}")
        return factory

    return announce


def provider_names(port: Port) -> tuple[str, ...]:
    """The names CRM_PROVIDER_EMAIL and the like may take, in alphabetical order."""
    _find_providers()
    return tuple(sorted(name for known_port, name in _FACTORIES if known_port == port))


def email_sender(settings: IntegrationSettings) -> EmailSender:
    """The e-mail provider in force; raises `SettingsProblem`."""
    return cast("EmailSender", _make("email", settings.email_provider, settings))


def invite_sender(settings: IntegrationSettings) -> InviteSender:
    """The calendar provider in force; raises `SettingsProblem`."""
    return cast("InviteSender", _make("calendar", settings.provider_calendar, settings))


def _make(port: Port, name: str, settings: IntegrationSettings) -> object:
    names = provider_names(port)
    if name not in names:
        raise SettingsProblem(f"CRM_PROVIDER_{port.upper()} is {name!r}; it can be: {', '.join(names)}")
    return _FACTORIES[port, name](settings)


def _find_providers() -> None:
    """Import every file of the providers' package, so that each has announced itself."""
    for module in pkgutil.iter_modules(providers.__path__):
        importlib.import_module(f"{providers.__name__}.{module.name}")
