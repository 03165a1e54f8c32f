"""Fields of an org's own: what may stand in `custom`, and of which type it is."""

from sqlalchemy import UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_db.models.base import Base, InOrg, Stamped, one_of


class CustomField(Base, InOrg, Stamped):
    """A declared field of `custom`. What is declared is checked when a person or system writes it; other names stay free.

    `options` belong to the types choice and choices. An inactive one is not asked for any more, and what is there stays.
    """

    __tablename__ = "crm_custom_fields"
    __table_args__ = (
        UniqueConstraint("org_id", "entity", "name"),
        one_of("entity", "lead", "deal", "activity", "customer", "contact", "subscription", "ticket"),
        one_of(
            "type",
            "text",
            "number",
            "integer",
            "boolean",
            "date",
            "datetime",
            "choice",
            "choices",
            "email",
            "url",
        ),
    )

    entity: Mapped[str]
    name: Mapped[str]
    label: Mapped[str | None]
    type: Mapped[str]
    options: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    required: Mapped[bool] = mapped_column(server_default=text("false"))
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    order_index: Mapped[int] = mapped_column(server_default=text("0"))
