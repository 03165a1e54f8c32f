"""Which class fills a port: providers announce themselves, settings choose by name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Literal, TypeVar, cast

from integrations import providers
from integrations.errors import SettingsProblem
from integrations.ports import EmailSender, InviteSender, LeadFetcher, PhoneLine
from integrations.settings import IntegrationSettings

Port = Literal["email", "calendar", "phone", "leads"]
Factory = Callable[[IntegrationSettings], object]
P = TypeVar("P", bound=Factory)

NOWHERE = ".invalid"
"""The top-level domain that no mail server takes a sender of (RFC 6761)."""
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
    return cast("InviteSender", _make("calendar", settings.calendar_provider, settings))


def phone_line(settings: IntegrationSettings) -> PhoneLine:
    """The provider of texts and calls in force; raises `SettingsProblem`."""
    return cast("PhoneLine", _make("phone", settings.provider_phone, settings))


def lead_fetcher(settings: IntegrationSettings, name: str = "meta") -> LeadFetcher:
    """Who tells the leads of a sender that posts ids only."""
    return cast("LeadFetcher", _make("leads", name, settings))


def for_evidence(
    port: Port, name: str, settings: IntegrationSettings
) -> EmailSender | InviteSender | PhoneLine | None:
    """A provider by its name, in force or not (any more), to be asked what it took; None where it cannot be made."""
    try:
        return cast("EmailSender | InviteSender | PhoneLine", _make(port, name, settings))
    except SettingsProblem:
        return None


def check(settings: IntegrationSettings) -> None:
    """Make every provider in force once; raises `SettingsProblem` naming what is missing, before anything is to be sent."""
    for make in (email_sender, invite_sender, phone_line, lead_fetcher):
        make(settings)
    if settings.email_provider != "local" and settings.sender.email.endswith(NOWHERE):
        raise SettingsProblem(
            "CRM_EMAIL_FROM says who e-mails come from; they cannot leave this machine without it"
        )


def _make(port: Port, name: str, settings: IntegrationSettings) -> object:
    names = provider_names(port)
    if name not in names:
        raise SettingsProblem(f"CRM_PROVIDER_{port.upper()} is {name!r}; it can be: {', '.join(names)}")
    return _FACTORIES[port, name](settings)


def _find_providers() -> None:
    """Import every file of the providers' package, so that each has announced itself."""
    for module in pkgutil.iter_modules(providers.__path__):
        importlib.import_module(f"{providers.__name__}.{module.name}")
