"""What can go wrong on the way out, told by what it means for the message.

    IntegrationError
    ├── SettingsProblem           the settings name no provider, or not enough for it
    └── SendError(provider, code) one attempt did not end in a receipt
        ├── Rejected              surely not sent, and never will be as it stands
        │   └── UnsafeText        refused by ourselves: a header or name that could forge another
        ├── RateLimited           surely not sent; ask again after `retry_after` seconds
        ├── Unavailable           surely not sent; ask again later
        └── Ambiguous             may have been sent: only evidence may decide

`code` is short and stable (it is stored and counted); the words are for people. Neither may hold
personal data, because both travel to logs and to Prefect: no address, no name, no provider's reply.
"""

from __future__ import annotations


class IntegrationError(Exception):
    """Root of everything this package raises on purpose."""


class SettingsProblem(IntegrationError):
    """The settings cannot be used; the sentence names the setting and what it may hold."""


class SendError(IntegrationError):
    """One attempt at one message did not end in a receipt.

    provider: the registry's name of who was asked. code: stable, short, without personal data.
    """

    def __init__(self, provider: str, code: str, words: str) -> None:
        super().__init__(f"{provider}: {words} ({code})")
        self.provider = provider
        self.code = code
        self.words = words


class Rejected(SendError):
    """Refused for good: surely not sent, and another attempt would be refused as well."""


class UnsafeText(Rejected):
    """A control character or line break stands, or decodes, where a header or name would be written."""

    def __init__(self, field: str) -> None:
        super().__init__("mime", "unsafe-text", f"the {field} holds a control character or a line break")
        self.field = field


class RateLimited(SendError):
    """Surely not sent; the provider wants to be asked again after `retry_after` seconds."""

    def __init__(self, provider: str, code: str, words: str, *, retry_after: float) -> None:
        super().__init__(provider, code, words)
        self.retry_after = retry_after


class Unavailable(SendError):
    """Surely not sent; the same message may be tried again later."""


class Ambiguous(SendError):
    """The message may have been sent; asking again without evidence could send it twice."""
