"""Which errors a person can act on, and the sentence that says how."""

import psycopg
from sqlalchemy.exc import OperationalError

from crm_db.errors import CrmError
from deployments.errors import DeploymentError
from deployments.settings import load_settings
from integrations.errors import IntegrationError

NO_DATABASE = "The database does not answer; start it with crm up."


def sentence_of(error: Exception) -> str | None:
    """The sentence for an error of ours; None for a defect, and for every error under CRM_DEBUG=1."""
    if _debugging():
        return None
    match error:
        case DeploymentError():
            return str(error)
        case IntegrationError() | CrmError():
            words = str(error)
            return f"{words[:1].upper()}{words[1:]}."
        case OperationalError() | psycopg.OperationalError():
            return NO_DATABASE
        case OSError(filename=str(name), strerror=str(words)):
            return f"{name} cannot be used: {words}."
        case _:
            return None


def _debugging() -> bool:
    try:
        return load_settings().debug
    except DeploymentError:
        return False
