"""Making text from outside safe to keep: what Postgres refuses or a reader cannot see is taken out."""

import re
import unicodedata

# Control characters (NUL breaks Postgres), lone surrogates (not UTF-8) and marks that reverse or hide text.
_UNSAFE = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]"
)


def one_line(text: str, limit: int) -> str:
    """The text on one line, white space collapsed, in NFC, at most `limit` characters."""
    begin = text[: limit * 4]
    return _safe(" ".join((begin if _is_plain(begin) else _UNSAFE.sub("", begin)).split()), limit)


def many_lines(text: str, limit: int) -> str:
    """The text with its line breaks kept (as \\n), at most `limit` characters."""
    begin = text[: limit * 4]
    if _is_plain(begin):
        return begin.strip()[:limit].rstrip()
    lines = _UNSAFE.sub("", begin).splitlines()
    return _safe("\n".join(line.rstrip() for line in lines).strip(), limit)


def word_set(text: str) -> frozenset[str]:
    """The words of a text: for sets of words that read better without quotation marks."""
    return frozenset(text.split())


def _is_plain(text: str) -> bool:
    """Whether this is one line of letters that are all safe, as most of what is sent is."""
    return text.isascii() and text.isprintable()


def _safe(text: str, limit: int) -> str:
    composed = text if text.isascii() else unicodedata.normalize("NFC", text)
    return composed[:limit].rstrip()
