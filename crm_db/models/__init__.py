"""The tables, a file a noun; importing this package makes all of them known to `Base.metadata`."""

from crm_db.models.activities import Activity
from crm_db.models.alerts import Alert
from crm_db.models.base import Base
from crm_db.models.conversions import Conversion
from crm_db.models.custom_fields import CustomField
from crm_db.models.customers import Contact, Customer
from crm_db.models.goals import SalesGoal
from crm_db.models.identity import ApiKey, Membership, Org, Setting, Team, User
from crm_db.models.insights import AiInsight, Report
from crm_db.models.intake import Key, Source, Submission
from crm_db.models.leads import Lead, LeadAssignment, ScoreHistory
from crm_db.models.log import Change, Event
from crm_db.models.messages import Attempt, Message, Suppression, Template
from crm_db.models.pipeline import Deal, DealStageHistory, Pipeline, Stage
from crm_db.models.sequences import Enrolment, Sequence, SequenceVersion, Step
from crm_db.models.success import Subscription, SupportTicket, SurveyResponse

__all__ = [
    "Activity",
    "AiInsight",
    "Alert",
    "ApiKey",
    "Attempt",
    "Base",
    "Change",
    "Contact",
    "Conversion",
    "CustomField",
    "Customer",
    "Deal",
    "DealStageHistory",
    "Enrolment",
    "Event",
    "Key",
    "Lead",
    "LeadAssignment",
    "Membership",
    "Message",
    "Org",
    "Pipeline",
    "Report",
    "SalesGoal",
    "ScoreHistory",
    "Sequence",
    "SequenceVersion",
    "Setting",
    "Source",
    "Stage",
    "Step",
    "Submission",
    "Subscription",
    "SupportTicket",
    "Suppression",
    "SurveyResponse",
    "Team",
    "Template",
    "User",
]
