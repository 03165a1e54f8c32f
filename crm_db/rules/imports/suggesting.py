"""A mapping to start from: the columns of a table under the fields that their names mean, as TOML that a person goes through."""

import json
from collections.abc import Iterator, Mapping, Sequence

from crm_db.rules.aliases import field_named, folded
from crm_db.rules.mapping import MAX_NAME_CHARS
from crm_db.rules.questions import field_asked
from crm_db.rules.text import one_line, word_set

_CREATED = word_set(
    "created createdat createdate createddate createdon createtime dateadded dateentered leadcreated"
)
_CONTACTED = word_set("lastcontact lastcontacted lastcontactedat lastactivitydate lastcontactdate")
_OWNER = word_set("owner owneremail assignedto assignee leadowner contactowner salesrep accountowner")
_OUTCOME = word_set("converted isconverted outcome result won leadstatus status stage")
_CLOSED = word_set(
    "closedat closedate closedon closeddate converteddate convertedat conversiondate dateclosed"
)
_HISTORY = {"created_at": _CREATED, "last_contact": _CONTACTED, "owner": _OWNER}


def suggested(header: Sequence[str], source: str) -> str:
    """A mapping file for these columns; what their names do not tell is there as a comment."""
    fields = _fields(header)
    lines = [
        "# Check each line; whatever is not named here is kept in the lead's custom fields.",
        f"source = {_quoted(one_line(source, MAX_NAME_CHARS))}",
        'empty = ["-", "n/a", "none", "null", "Select"]    # what means: nothing',
        '# region = "DE"                # country of telephone numbers without a prefix',
        '# decimal = ","                # the mark before a fraction: 1.234,50',
        "# numbers = []                 # columns that are kept as numbers in the custom fields",
        "# ignore = []                  # columns to leave out",
        "",
        "[columns]                      # field of the lead = column of the file",
        *(f"{field} = {_quoted(column)}" for field, column in fields.items()),
        *(
            []
            if "external_id" in fields
            else ['# external_id = "…"           # the id in the other system, if it has one']
        ),
        "",
        *_outcome(header),
        "# [dates]",
        '# formats = ["iso", "%d/%m/%Y"]',
        '# timezone = "Europe/Berlin"',
    ]
    return "\n".join(lines) + "\n"


def _fields(header: Sequence[str]) -> Mapping[str, str]:
    """Field to column; of two columns for one field the one with the more exact name, then the first."""
    best: dict[str, tuple[int, str]] = {}
    for field, rank, column in _meanings(header):
        if field not in best or rank < best[field][0]:
            best[field] = (rank, column)
    return {field: column for field, (_, column) in best.items()}


def _meanings(header: Sequence[str]) -> Iterator[tuple[str, int, str]]:
    for column in header:
        name = folded(column[:100])
        kind = next((field for field, names in _HISTORY.items() if name in names), None)
        if kind is not None:
            yield kind, 0, column
        elif (meaning := field_named(column[:100]) or field_asked(column)) is not None:
            yield *meaning, column
        elif name.endswith("id"):
            yield "external_id", 1_000, column


def _outcome(header: Sequence[str]) -> list[str]:
    """What became of the leads: which words mean what only a person knows."""
    column = next((name for name in header if folded(name[:100]) in _OUTCOME), None)
    closed = next((name for name in header if folded(name[:100]) in _CLOSED), None)
    return [
        "# [outcome]                    # leads of the past: converted or lost, and when",
        f"# column = {_quoted(column or '…')}",
        '# converted = ["1", "won"]',
        '# lost = ["0", "lost"]',
        '# otherwise = "new"            # what any other word means; without this line such rows are rejected',
        f"# at = {_quoted(closed or '…')}",
        "",
    ]


def _quoted(text: str) -> str:
    """As a TOML string, whose escapes are those of JSON."""
    return json.dumps(text, ensure_ascii=False)
