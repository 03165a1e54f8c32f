"""Writing many records at once: each has its own outcome, and what is refused leaves the others as they are."""

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from api.identity import Caller
from api.problems import failure_of, faults_of
from api.record_models import Operation
from api.resource import Routes
from crm_db import clock
from crm_db.actions import records as actions
from crm_db.actions.records import Written
from crm_db.errors import BadValue, CrmError
from crm_db.rules.normalise import Unusable


def outcomes(
    session: Session, caller: Caller, routes: Routes, items: Sequence[Operation]
) -> list[dict[str, Any]]:
    """Do them, each for itself; what became of each, in their order."""
    named = {item.id for item in items if item.id is not None}
    actions.hold(session, caller.identity, routes.resource.kind, named)
    return [_outcome(session, caller, routes, item) for item in items]


def _outcome(session: Session, caller: Caller, routes: Routes, item: Operation) -> dict[str, Any]:
    """Do one of many things; a refusal undoes only this one."""
    try:
        with session.begin_nested():
            status, written = _do(session, caller, routes, item)
    except ValidationError as error:
        fault = faults_of(error.errors())[0]
        return {"status": 422, "code": "invalid_request", "detail": fault["message"], "field": fault["field"]}
    except (CrmError, Unusable, DataError) as error:
        told = failure_of(error)
        return {
            "status": told.answer.status,
            "code": told.answer.code,
            "detail": told.detail,
            "field": told.field,
        }
    return {"status": status, "id": str(written.id), "version": written.version}


def _do(session: Session, caller: Caller, routes: Routes, item: Operation) -> tuple[int, Written]:
    kind, identity, now = routes.resource.kind, caller.identity, clock.now_of(session)
    versions = None if item.version is None else {item.version}
    if item.op == "create" and routes.resource.enter and routes.resource.entered_as:
        status, made = routes.resource.enter(
            session, caller, routes.resource.entered_as.model_validate(item.values)
        )
        return status, Written(made.id, made.version)
    if item.op == "create":
        values = routes.resource.form.model_validate(item.values).model_dump(exclude_unset=True)
        return 201, actions.create(session, identity, kind, values, now=now)
    if item.id is None:
        raise BadValue("id", "is needed")
    if item.op == "change":
        values = routes.patch.model_validate(item.values).model_dump(exclude_unset=True)
        return 200, actions.change(session, identity, kind, item.id, values, now=now, versions=versions)
    if item.op == "restore" and kind.is_mortal:
        return 200, actions.restore(session, identity, kind, item.id)
    if item.op == "restore":
        raise BadValue("op", "is not possible here: what is deleted is gone")
    actions.remove(session, identity, kind, item.id, now=now, versions=versions)
    return 204, Written(item.id, item.version or 0)
