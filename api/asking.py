"""The query string of a list: conditions, order, words, fields, paging."""

from typing import Annotated, Any, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import QueryParams

from api.cursors import MAX_CHARS_SORTED, places_of
from api.parameters import once_each
from crm_db.queries.kinds import Kind
from crm_db.queries.records import Question
from crm_db.rules.asking import (
    Condition,
    Declared,
    Here,
    Order,
    Unanswerable,
    read_conditions,
    read_sort,
)

Q = TypeVar("Q", bound="RecordQuery")
FILTER_WORDS = (
    "`field:operator:value`, as often as needed; all must hold. Operators: eq, ne, in, gt, gte, lt, lte, between, contains, null."
    " Values of a list stand between commas or as a JSON array. Moments: `2026-12-31`, `-7d`, `today`, `this_month`."
    " Fields of your own: `custom.plan:eq:team`."
)


class RecordQuery(BaseModel):
    """What a list is asked for; an unknown parameter is refused rather than ignored."""

    model_config = ConfigDict(extra="forbid")

    filter: list[Annotated[str, Field(max_length=5000)]] = Field(
        default_factory=list, max_length=30, description=FILTER_WORDS, examples=[["created_at:gte:-30d"]]
    )
    sort: str | None = Field(
        default=None, max_length=300, description="Fields between commas, a minus before one sorts downwards"
    )
    q: str | None = Field(default=None, max_length=200, description="Words that must occur, in any order")
    fields: str | None = Field(default=None, max_length=2000, description="The fields wanted, between commas")
    count: bool = Field(default=False, description="Count them too, up to 100,000")
    deleted: bool = Field(
        default=False, description="Those that were deleted, instead of those that are there"
    )
    cursor: str | None = Field(
        default=None, max_length=MAX_CHARS_SORTED, description="next_cursor of the page before"
    )
    limit: int = Field(default=50, ge=1, le=500, description="Items a page")

    def conditions(self) -> tuple[Condition, ...]:
        """What is asked for by other parameters than `filter`."""
        return ()

    def question(self, kind: Kind, here: Here, declared: Declared) -> Question:
        """As the CRM asks it; here: when and where it is asked; declared: its own fields. Raises Unanswerable, BadCursor."""
        if self.q and not kind.is_searched:
            raise Unanswerable("q", "is not understood by this list")
        if self.deleted and not kind.is_mortal:
            raise Unanswerable("deleted", "is not understood by this list; what is deleted here is gone")
        order = read_sort(self.sort, kind.types) if self.sort else ()
        asked = Question(
            where=(*read_conditions(self.filter, kind.types, here, declared), *self.conditions()),
            words=(self.q or "").replace("\0", " "),
            order=order,
            deleted=self.deleted,
            fields=chosen(self.fields, kind),
            limit=self.limit,
        )
        after = places_of(self.cursor, signature(asked.full_order(kind)), len(asked.full_order(kind)))
        return Question(**{**vars(asked), "after": after})


def query_in(form: type[Q], parameters: QueryParams) -> Q:
    """A list's query string in its form; raises RequestValidationError."""
    given: dict[str, Any] = dict(parameters)
    if "filter" in given:
        given["filter"] = parameters.getlist("filter")
    once_each(parameters, lists={"filter"})
    try:
        return form.model_validate(given)
    except ValidationError as error:
        raise RequestValidationError(
            [{**one, "loc": ("query", *one["loc"])} for one in error.errors()]
        ) from None


def chosen(fields: str | None, kind: Kind) -> tuple[str, ...]:
    """The fields that are wanted, the id always among them; empty: all."""
    if not fields:
        return ()
    named = [name.strip() for name in fields.split(",") if name.strip()]
    if any(name not in kind.shown for name in named):
        raise Unanswerable("fields", f"takes {', '.join(kind.shown)}")
    return tuple(dict.fromkeys(["id", *named]))


def signature(order: tuple[Order, ...]) -> str:
    """An order in one word: a cursor belongs to the order in which it was given out."""
    return ",".join(("-" if one.down else "") + one.field for one in order)
