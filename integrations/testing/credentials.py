"""The accounts that the fake provider knows; a caller with any other is refused as the real one would."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Credentials:
    """What callers prove themselves with. They open nothing anywhere, so they may stand in the open."""

    sendgrid_key: str = "SG.fake-key.opens-nothing"
    twilio_sid: str = "ACfa4e000000000000000000000000fa4e"
    twilio_token: str = "fake-auth-token-opens-nothing"  # noqa: S105
    meta_token: str = "fake-page-token-opens-nothing"  # noqa: S105
    meta_app_secret: str = "fake-app-secret-opens-nothing"  # noqa: S105


TWILIO_FROM = "+15005550006"
"""The number texts and calls come from: the one that Twilio's own test credentials accept."""
