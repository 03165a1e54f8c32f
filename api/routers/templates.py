"""Templates: the words of messages."""

from api.configuration_forms import TemplateIn
from api.records import router_of
from api.resource import Resource
from crm_db.queries import kinds

RESOURCE = Resource(
    kinds.TEMPLATE,
    TemplateIn,
    {
        "name": "after-the-fair",
        "channel": "email",
        "subject": "Good to meet you, {{ first_name | and thank you }}",
        "body": "Hello {{ first_name | there }},\n\nit was good to talk.\n\n{{ owner_name | Your team }}\n",
    },
    by_admins=True,
    farewell="Only one that no sequence, waiting message or the CRM itself needs.",
)
router = router_of(RESOURCE)
