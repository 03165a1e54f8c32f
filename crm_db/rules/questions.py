"""What a question asks for: "What's your first name?" is a first name, "Best number to reach you" a telephone number.

A question is understood word by word: what only asks is taken away at both ends, a phrase at a time, and what is left must be one
of the names of `rules/aliases.py` as a whole. "How many people work in your company?" leaves more and means nothing to us.
"""

import re
import unicodedata
from functools import lru_cache

from crm_db.rules.aliases import field_named
from crm_db.rules.text import word_set

MAX_CHARS = 500
MAX_WORDS = 14
_RANK = 100  # less exact than any name


def _phrases(text: str) -> tuple[str, ...]:
    """Phrases separated by bars, the longest first."""
    return tuple(sorted((" ".join(phrase.split()) for phrase in text.split("|")), key=len, reverse=True))


_IN_FRONT = _phrases(
    """
    what is|what are|whats|what|which is|which|in which|who is|whos|may we have|may we ask|can we have|can we get
    |could we have|could you share|can you share|could you tell us|can you tell us|could you give us|please tell us
    |tell us|give us|share|add|enter|type in|type|provide|leave|fill in|write|insert|confirm|please|kindly|and|so|hi
    |hello|the|a|an|your|our|my|preferred|current|main|wie lautet|wie ist|ihre|ihr|ihren|deine|dein|quel est
    |quelle est|votre|vos|cual es|tu|su
    """
)
_BEHIND = _phrases(
    """
    please|here|below|required|optional|to reach you|to reach you at|to reach you on|to contact you|to contact you at
    |to call you|can we reach you|can we reach you at|can we reach you on|we can reach you|we can reach you at
    |we can reach you on|we can call you on|for a call|so we can call you|do you work for|do you work at|you work for
    |you work at|do you work with|are you in|are you from|are you based in|are you based|do you live in|you live in
    """
)
_OF_WORK = word_set(
    "work business company corporate office professional personal private best direct daytime primary"
)
_SAID_ANOTHER_WAY = {
    "number": "phone",
    "best number": "phone",
    "where do you work": "company",
    "who do you work for": "company",
    "name of company": "company",
    "name of business": "company",
    "name of organisation": "company",
    "name of organization": "company",
    "name of employer": "company",
    "what should we call you": "name",
    "how can we help": "notes",
    "how can we help you": "notes",
    "how may we help you": "notes",
    "what can we do for you": "notes",
}
_NEVER_ASKED = word_set("business land org id revenue value amount likelihood labels title")
"""Names by which a question may mean something else: a business is an occupation too."""

_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_WORD = re.compile(r"[^\W_]+")


@lru_cache(maxsize=4096)
def field_asked(title: str) -> tuple[str, int] | None:
    """The known field that a question asks for, and how exact the question is (less exact than every name)."""
    words = _words(title)
    if not 0 < len(words) <= MAX_WORDS:
        return None
    core = _core(" ".join(words))
    said = _SAID_ANOTHER_WAY.get(" ".join(words)) or _SAID_ANOTHER_WAY.get(core)
    if said is not None:
        return (said, _RANK) if len(words) > 1 else None  # "number" alone may count anything
    found = None if core in _NEVER_ASKED else field_named(core) or _of_contact(core)
    return None if found is None else (found[0], _RANK + found[1])


def _of_contact(core: str) -> tuple[str, int] | None:
    """An e-mail address or a telephone number, whatever it is used for: "company phone", "best e-mail"."""
    found = field_named(" ".join(word for word in core.split() if word not in _OF_WORK))
    return found if found is not None and found[0] in {"email", "phone"} else None


def _words(title: str) -> list[str]:
    """The words of a question without accents, apostrophes and what stands in brackets; "e-mail" is one word."""
    decomposed = unicodedata.normalize("NFKD", _ASIDE.sub(" ", title[:MAX_CHARS])).casefold()
    plain = "".join(char for char in decomposed if not unicodedata.combining(char) and char not in "'’`´")
    return _WORD.findall(plain.replace("e-mail", "email"))


def _core(question: str) -> str:
    """What is left of a question when what only asks is taken away at both ends."""
    left, before = question, ""
    while left != before:
        before = left
        front = next((phrase for phrase in _IN_FRONT if left.startswith(f"{phrase} ")), "")
        left = left[len(front) :].strip()
        behind = next((phrase for phrase in _BEHIND if left.endswith(f" {phrase}")), "")
        left = left[: len(left) - len(behind)].strip()
    return left.replace(" of your ", " of ").replace(" of the ", " of ")
