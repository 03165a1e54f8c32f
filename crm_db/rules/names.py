"""People's names: splitting a full name in two, and giving shouted or whispered names their capitals."""

import re

from crm_db.rules.text import word_set

_BEFORE = word_set("mr mrs ms miss mx dr prof professor sir dame rev herr frau fr mme mlle sr sra")
_AFTER = word_set("jr sr ii iii iv phd md dds esq mba cpa msc bsc")
_PARTICLES = word_set(
    "van von der den de del della di da dos das du la le ter ten zu zur al el bin ibn ben abu af av"
)
_NAME = re.compile(r"(?:[^\W\d_]|[\u0300-\u036f .,'’()-])+")
_WORD = re.compile(r"[^\W\d_]+")


def split_name(name: str) -> tuple[str | None, str | None]:
    """First and last name of a full name on one line; forms of address and degrees are left out.

    "Dr. Maria van der Berg" and "van der Berg, Maria" give ("Maria", "van der Berg"); a single name is a
    first name.
    """
    turned = _turned(name)
    if turned is not None:
        return turned
    words = _without_titles(name.replace(",", " ").split())
    if len(words) < 2:
        return (words[0] if words else None), None
    particle = next(
        (i for i, word in enumerate(words) if i and word.casefold() in _PARTICLES), len(words) - 1
    )
    return " ".join(words[:particle]), " ".join(words[particle:])


def capitalised(name: str) -> str:
    """The name with sensible capitals when it came all in capitals or all in small letters; what is no name stays as it is."""
    if not (name.isupper() or name.islower()) or not _NAME.fullmatch(name):
        return name
    words = name.split(" ")
    return " ".join(
        word.lower() if i and word.lower() in _PARTICLES else _WORD.sub(_capital, word)
        for i, word in enumerate(words)
    )


def _turned(name: str) -> tuple[str | None, str | None] | None:
    """First and last name of "Berg, Maria"; None when the name is not written that way round."""
    last, comma, first = name.partition(",")
    first_words, last_words = _without_titles(first.split()), _without_titles(last.split())
    only_degrees = all(_bare(word) in _AFTER for word in first_words)
    if not comma or "," in first or only_degrees or not last_words:
        return None
    return " ".join(first_words), " ".join(last_words)


def _without_titles(words: list[str]) -> list[str]:
    """The words without forms of address in front of them and degrees behind."""
    start, end = 0, len(words)
    while start < end and _bare(words[start]) in _BEFORE:
        start += 1
    while end - start > 1 and _bare(words[end - 1]) in _AFTER:
        end -= 1
    return words[start:end]


def _bare(word: str) -> str:
    return word.replace(".", "").casefold()


def _capital(match: re.Match[str]) -> str:
    """A run of letters with one capital; a short possessive ending ("'s") stays small."""
    letters = match.group().lower()
    follows_apostrophe = match.start() > 0 and match.string[match.start() - 1] in "'’"
    return letters if follows_apostrophe and len(letters) == 1 else letters.capitalize()
