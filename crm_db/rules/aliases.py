"""How senders name what we know: one list of field names, most exact first.

A name is compared folded: lower case, no accents, no spaces, underscores, hyphens or other marks.
So `E-Mail`, `e_mail` and `email` are one name, and `emailAddress` and `email-address` another.
"""

import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

# Field -> the folded names that mean it. An earlier name is the more exact one and wins over a later one
# ("job_title" over "title", which may also be a form of address). `refuse…` are the questions whose yes
# is a no to being contacted ("do not call").
ALIASES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        field: tuple(names.split())
        for field, names in {
            "external_id": "externalid leadid contactid leadgenid recordid id submissionid",
            "first_name": "firstname fname givenname forename yourfirstname contactfirstname vorname prenom"
            " nombre",
            "last_name": "lastname lname surname familyname yourlastname contactlastname nachname"
            " nomdefamille apellido apellidos cognome",
            "name": "name fullname yourname contactname personname leadname customername displayname nom",
            "email": "email emailaddress emailadresse mail mailaddress youremail useremail workemail businessemail"
            " companyemail contactemail primaryemail emailid courriel correo correoelectronico",
            "phone": "phone phonenumber telephone telephonenumber tel mobile mobilephone mobilenumber"
            " mobileno cell cellphone phoneno yourphone workphone contactnumber contactphone"
            " primaryphone telefon telefonnummer handy handynummer telefono movil telefoon",
            "company": "company companyname organisation organization organisationname organizationname org"
            " yourcompany business businessname employer accountname firma unternehmen entreprise"
            " societe empresa azienda bedrijf",
            "title": "jobtitle jobrole jobposition yourjobtitle position role title occupation",
            "value": "value dealvalue dealamount opportunityvalue estimatedvalue expectedrevenue amount"
            " budget dealsize revenue betrag",
            "currency": "currency currencycode waehrung wahrung devise moneda",
            "probability": "probability winprobability likelihood closeprobability",
            "country": "country countrycode countryname yourcountry land pays pais paese",
            "timezone": "timezone tz timezonename",
            "language": "language lang locale preferredlanguage languagecode sprache langue idioma",
            "tags": "tags tag labels keywords",
            "notes": "notes note message yourmessage comments comment question questions enquiry inquiry"
            " nachricht mensaje",
            "utm_source": "utmsource",
            "utm_medium": "utmmedium",
            "utm_campaign": "utmcampaign",
            "utm_term": "utmterm",
            "utm_content": "utmcontent",
            "consent": "consent marketingconsent marketingoptin gdprconsent optin optedin acceptsmarketing",
            "newsletter": "newsletter subscribe subscribed",
            "consent_email": "consentemail emailconsent emailoptin optinemail emailmarketingconsent",
            "consent_sms": "consentsms smsconsent smsoptin optinsms smsmarketingconsent textconsent",
            "consent_phone": "consentphone phoneconsent phoneoptin optinphone callconsent consentcall",
            "refuse": "optout optedout unsubscribe unsubscribed donotcontact",
            "refuse_email": "donotemail emailoptout optoutemail hasoptedoutofemail",
            "refuse_sms": "donottext donotsms smsoptout optoutsms",
            "refuse_phone": "donotcall donotphone phoneoptout optoutphone calloptout",
        }.items()
    }
)

KNOWN_FIELDS = frozenset(ALIASES)

_BY_NAME = {name: (field, rank) for field, names in ALIASES.items() for rank, name in enumerate(names)}


@lru_cache(maxsize=4096)
def folded(name: str) -> str:
    """The name without case, accents, spaces and marks: how field names are compared."""
    plain = name if name.isascii() else unicodedata.normalize("NFKD", name)
    return "".join(char for char in plain.casefold() if char.isalnum())


def field_named(name: str) -> tuple[str, int] | None:
    """The known field that a sender's name means, and how exact the name is (0 is best)."""
    return _BY_NAME.get(folded(name))
