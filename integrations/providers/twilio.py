"""Texts and calls through Twilio's REST API: its own library words the request, our wire carries it once.

Twilio takes no idempotency key for either. After a lost answer the lists of messages and calls tell: the same number, the same
words, not before the attempt began. Two equal texts to one number within minutes cannot be told apart; either proves the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from twilio.base.exceptions import TwilioException
from twilio.http.response import Response
from twilio.rest import Client
from twilio.twiml.voice_response import VoiceResponse

from integrations import safe_text
from integrations.errors import Ambiguous, Rejected, SendError, SettingsProblem, Unavailable
from integrations.http import Answer, Wire, doubtless, unsent, untold
from integrations.ports import Call, Receipt, Sms, Trace
from integrations.registry import provides
from integrations.settings import IntegrationSettings

MOST_CHARACTERS = 1_600
MOST_TWIML = 4_000
LISTED = 1_000
CLOCKS_DIFFER = timedelta(minutes=1)

ABOUT_OUR_NUMBER = frozenset({21210, 21212, 21603, 21606, 21659, 21660})
"""Refusals for which no message is at fault: the number that sends is wrong, not ours, or may not do this."""

_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_SID = re.compile(r"(?:SM|MM|CA)[0-9a-fA-F]{32}", re.ASCII)
_TRIAL = "Sent from your Twilio trial account - "
_UNREADABLE = (TwilioException, ValueError, TypeError, AttributeError, LookupError, RecursionError)


@provides("phone", "twilio")
class TwilioPhone:
    """Sends by one POST; looks up in the list of what went to the same number."""

    name: ClassVar[str] = "twilio"
    has_lookup: ClassVar[bool] = True

    def __init__(self, settings: IntegrationSettings) -> None:
        settings.require(
            "CRM_PROVIDER_PHONE=twilio", "twilio_account_sid", "twilio_auth_token", "twilio_from"
        )
        if _E164.fullmatch(settings.twilio_from) is None:
            raise SettingsProblem("CRM_TWILIO_FROM is a number such as +15005550006")
        token = settings.twilio_auth_token.get_secret_value() if settings.twilio_auth_token else ""
        wire = _Transport(Wire(self.name, settings))
        self._api = Client(settings.twilio_account_sid, token, http_client=wire)
        self._api.edge = self._api.region = (
            None  # our setting names the host, not the library's own variables
        )
        self._api.api.base_url = settings.twilio_base_url
        self._from = settings.twilio_from

    def text(self, sms: Sms) -> Receipt:
        """Hand the text over once; the receipt carries its SID."""
        to, words = self._number(sms.to), safe_text.paragraphs("text", sms.text)
        if not 0 < len(words) <= MOST_CHARACTERS:
            raise Rejected(self.name, "length", f"a text has 1 to {MOST_CHARACTERS} characters")
        return self._taken(lambda: self._api.messages.create(to=to, from_=self._from, body=words))

    def call(self, call: Call) -> Receipt:
        """Have the number called and the words read out; the receipt carries the call's SID."""
        to, words, twiml = self._number(call.to), safe_text.paragraphs("words", call.spoken).strip(), ""
        if words:
            response = VoiceResponse()
            response.say(words)
            twiml = str(response)
        if not 0 < len(twiml) <= MOST_TWIML:
            raise Rejected(self.name, "length", f"a call says something, in up to {MOST_TWIML} characters")
        return self._taken(lambda: self._api.calls.create(to=to, from_=self._from, twiml=twiml))

    def lookup(self, trace: Trace) -> Receipt | None:
        """The receipt of the first text or call since the attempt that is like it.

        Asked for by number alone: what still waits at Twilio has no date of sending by which it could be found.
        """
        to = self._number(trace.to)
        try:
            listed = (self._api.calls if trace.channel == "call" else self._api.messages).list(
                to=to, page_size=LISTED, limit=LISTED
            )
            sid = self._like(listed, trace)
        except Ambiguous as lost:
            raise doubtless(lost) from None
        except _UNREADABLE:
            raise Unavailable(self.name, "answer", "the provider's answer cannot be read") from None
        if sid is None and len(listed) >= LISTED:
            raise Unavailable(self.name, "too-many", "more went to this number than one list tells")
        return Receipt(self.name, sid) if sid else None

    def _number(self, number: str) -> str:
        if _E164.fullmatch(number) is None:
            raise Rejected(self.name, "number", "the number is not written as +, country and number")
        return number

    def _taken(self, create: Callable[[], Any]) -> Receipt:
        """The receipt for what the library makes of the answer. An answer without a SID is no answer."""
        try:
            sid = str(create().sid)
        except _UNREADABLE:
            sid = ""
        if _SID.fullmatch(sid) is None:
            raise Ambiguous(self.name, "answer", "the provider's answer cannot be read")
        return Receipt(self.name, sid)

    def _like(self, listed: Iterable[Any], trace: Trace) -> str | None:
        """The SID of the first that may be the one looked for."""
        since = trace.since - CLOCKS_DIFFER
        return next((str(one.sid) for one in listed if self._may_be(one, trace, since)), None)

    def _may_be(self, one: Any, trace: Trace, since: datetime) -> bool:
        ours = (one._from if trace.channel == "call" else one.from_) == self._from
        same_words = trace.channel == "call" or _plain(one.body or "") == _plain(trace.text)
        return bool(ours and same_words and one.date_created is not None and one.date_created >= since)


class _Transport:
    """The library's transport replaced by our wire: its own writes numbers into the log and drops Retry-After."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        **_: object,
    ) -> Response:
        """One exchange; raises our errors for every answer but success, and the library passes them on."""
        answer = self._wire.exchange(method, url, params=params, data=data, headers=headers, auth=auth)
        if not 200 <= answer.status < 300:
            raise (
                _refusal(self._wire.provider, answer)
                if method == "POST"
                else untold(self._wire.provider, answer)
            )
        return Response(answer.status, answer.body.decode("utf-8", "replace"), answer.headers)


def _refusal(provider: str, answer: Answer) -> SendError:
    """Like any provider's, told more exactly by Twilio's own number of the error where there is one."""
    refusal, number = unsent(provider, answer), answer.json().get("code")
    if not isinstance(refusal, Rejected) or not isinstance(number, int):
        return refusal
    if number in ABOUT_OUR_NUMBER:
        return Unavailable(provider, f"twilio-{number}", "the provider refused the number that sends")
    return Rejected(provider, f"twilio-{number}", "the provider refused the message")


def _plain(text: str) -> str:
    """A text without what Twilio puts before it in a trial, and without the white space it may cut."""
    return text.replace("\r\n", "\n").removeprefix(_TRIAL).strip()
