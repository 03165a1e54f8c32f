"""Text from strangers, made fit to be written into headers, addresses and calendar lines, or refused.

Python's e-mail package decodes RFC 2047 words in what it is given and, before 3.11.10, wrote the line
breaks it found there onto the wire (CVE-2024-6923). So values are judged as they would read once decoded.
"""

from __future__ import annotations

import re
import unicodedata
from email.errors import MessageError
from email.header import decode_header, make_header
from email.policy import SMTP

import idna

from integrations.errors import Rejected, UnsafeText
from integrations.ports import Address

MAX_LINE_CHARS = 900
"""RFC 5322 ends a line at 998 octets; the rest is room for the header's name."""

_DECODING_ROUNDS = 4
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_MESSAGE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")
_DOMAIN = re.compile(r"(?=.{1,253}$)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")


def message_id(value: str) -> str:
    """The ledger's id, if it can be a file name and a Message-ID as it is; raises `Rejected`."""
    if _MESSAGE_ID.fullmatch(value) is None:
        raise Rejected("mime", "message-id", "the message id is not made of letters, digits, dot and dash")
    return value


def line(field: str, value: str) -> str:
    """The value, if it stays on its line in every reading; raises `UnsafeText`, or `Rejected` if too long."""
    for reading in _readings(field, value):
        if any(unicodedata.category(char) in _UNSAFE_CATEGORIES for char in reading):
            raise UnsafeText(field)
    if len(value) > MAX_LINE_CHARS:
        raise Rejected("mime", "too-long", f"the {field} is longer than {MAX_LINE_CHARS} characters")
    return value


def paragraphs(field: str, value: str) -> str:
    r"""The text with `\n` for every line break; raises `UnsafeText` for other control characters but tab."""
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    for part in text.replace("\t", " ").split("\n"):
        if any(unicodedata.category(char) in {"Cc", "Cs"} for char in part):
            raise UnsafeText(field)
    return text


def mailbox(field: str, address: Address) -> Address:
    """The address with its domain in ASCII; raises `UnsafeText`, or `Rejected` when it is no address."""
    line(f"{field} name", address.name)
    local, _, domain = line(f"{field} address", address.email).rpartition("@")
    try:
        ascii_domain = idna.encode(domain, uts46=True).decode(
            "ascii"
        )  # not Python's codec: its "ß" is another domain
    except idna.IDNAError:
        ascii_domain = ""
    if not _LOCAL_PART.fullmatch(local) or not _DOMAIN.fullmatch(ascii_domain):
        raise Rejected("mime", "address", f"the {field} address cannot be written in a header")
    return Address(address.name, f"{local}@{ascii_domain}")


def _readings(field: str, value: str) -> list[str]:
    """The value as given and as decoded, again and again, by both of the standard library's decoders."""
    readings = [value]
    for _ in range(_DECODING_ROUNDS):
        decoded = [_decoded_as_header(readings[-1]), _decoded_word_by_word(readings[-1])]
        news = [text for text in decoded if text not in readings]
        if not news:
            return readings
        readings.extend(news)
    raise UnsafeText(field)


def _decoded_as_header(value: str) -> str:
    """As the writer of the message will read it; an unreadable value reads as a line break."""
    try:
        return str(SMTP.header_factory("Subject", value))
    except (MessageError, ValueError, LookupError, AttributeError):
        return "\n"


def _decoded_word_by_word(value: str) -> str:
    """As an older reader decodes it; an unreadable value reads as a line break."""
    try:
        return str(make_header(decode_header(value)))
    except (MessageError, ValueError, LookupError):
        return "\n"
