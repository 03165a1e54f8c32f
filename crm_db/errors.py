"""What can go wrong in the CRM's own terms; the edge decides what HTTP or a shell makes of it.

CrmError
├── RecordNotFound     no such record, or not one that this identity may see
├── AlreadyExists      a name or key is taken
│   └── Taken          what must be unique is there already
├── InUse              other records still need it
├── NotPossible        it cannot be done as things stand
├── LastAdministrator  the org would be left without an administrator
├── VersionConflict    somebody else has changed it meanwhile
├── NotAllowed         the identity lacks the right
└── BadValue           a value cannot be taken; names the field, never the value
"""

from uuid import UUID


class CrmError(Exception):
    """Any failure that the CRM can name; `code` is stable, for programs."""

    code = "crm_error"


class RecordNotFound(CrmError):
    """No such record, or none that this identity may see."""

    code = "not_found"

    def __init__(self, noun: str, key: UUID | str) -> None:
        super().__init__(f"no {noun} {key}")
        self.noun, self.key = noun, key


class AlreadyExists(CrmError):
    """A name that must be unique is taken."""

    code = "already_exists"

    def __init__(self, noun: str, name: str) -> None:
        super().__init__(f"there is a {noun} named {name} already")
        self.noun, self.name = noun, name


class Taken(AlreadyExists):
    """What must be unique is there already."""

    def __init__(self, noun: str, field: str) -> None:
        CrmError.__init__(self, f"there is a {noun.replace('_', ' ')} with this {field} already")
        self.noun, self.name = noun, field


class InUse(CrmError):
    """It cannot go: other records point at it."""

    code = "in_use"

    def __init__(self, noun: str) -> None:
        super().__init__(f"other records still need this {noun.replace('_', ' ')}")
        self.noun = noun


class NotPossible(CrmError):
    """It cannot be done as things stand; the words say what stands in the way."""

    code = "not_possible"


class LastAdministrator(CrmError):
    """Nobody would be left who may change how the org works."""

    code = "last_administrator"

    def __init__(self) -> None:
        super().__init__("this is the last active administrator; make another one first")


class VersionConflict(CrmError):
    """The record is not any more what the caller had seen."""

    code = "version_conflict"

    def __init__(self, noun: str) -> None:
        super().__init__(f"this {noun.replace('_', ' ')} was changed meanwhile; read it again")
        self.noun = noun


class NotAllowed(CrmError):
    """The identity lacks the right that this needs."""

    code = "forbidden"

    def __init__(self, needed: str) -> None:
        super().__init__(f"this needs {needed}")
        self.needed = needed


class BadValue(CrmError):
    """A value cannot be taken; the words say why without repeating it."""

    code = "bad_value"

    def __init__(self, field: str, words: str) -> None:
        super().__init__(f"{field}: {words}")
        self.field, self.words = field, words
