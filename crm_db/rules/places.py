"""Countries and time zones: what a code, a name or a telephone number says about where somebody is."""

import re
from collections.abc import Mapping
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from holidays.registry import COUNTRIES
from phonenumbers import PhoneNumber, PhoneNumberFormat
from phonenumbers import timezone as phone_zones

from crm_db.rules.aliases import folded

_NAME_LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt")
_EXTRA_NAMES = {
    "uk": "GB", "greatbritain": "GB", "england": "GB", "scotland": "GB",
    "wales": "GB", "usa": "US", "unitedstatesofamerica": "US", "america": "US",
    "holland": "NL", "thenetherlands": "NL", "czechrepublic": "CZ", "czechia": "CZ",
    "southkorea": "KR", "korea": "KR", "uae": "AE", "turkey": "TR",
    "turkiye": "TR", "russia": "RU", "vietnam": "VN", "ivorycoast": "CI",
    "macedonia": "MK", "brasil": "BR", "deutschland": "DE", "osterreich": "AT",
    "oesterreich": "AT", "schweiz": "CH", "republicofireland": "IE", "peoplesrepublicofchina": "CN",
}  # fmt: skip

# The zone most people of a country live in; where a country has one zone its telephone numbers say it too.
MAIN_ZONES = {
    "AE": "Asia/Dubai", "AR": "America/Argentina/Buenos_Aires", "AT": "Europe/Vienna",
    "AU": "Australia/Sydney", "BD": "Asia/Dhaka", "BE": "Europe/Brussels",
    "BG": "Europe/Sofia", "BR": "America/Sao_Paulo", "CA": "America/Toronto",
    "CH": "Europe/Zurich", "CL": "America/Santiago", "CN": "Asia/Shanghai",
    "CO": "America/Bogota", "CR": "America/Costa_Rica", "CY": "Asia/Nicosia",
    "CZ": "Europe/Prague", "DE": "Europe/Berlin", "DK": "Europe/Copenhagen",
    "DO": "America/Santo_Domingo", "DZ": "Africa/Algiers", "EC": "America/Guayaquil",
    "EE": "Europe/Tallinn", "EG": "Africa/Cairo", "ES": "Europe/Madrid",
    "FI": "Europe/Helsinki", "FR": "Europe/Paris", "GB": "Europe/London",
    "GH": "Africa/Accra", "GR": "Europe/Athens", "HK": "Asia/Hong_Kong",
    "HR": "Europe/Zagreb", "HU": "Europe/Budapest", "ID": "Asia/Jakarta",
    "IE": "Europe/Dublin", "IL": "Asia/Jerusalem", "IN": "Asia/Kolkata",
    "IS": "Atlantic/Reykjavik", "IT": "Europe/Rome", "JP": "Asia/Tokyo",
    "KE": "Africa/Nairobi", "KR": "Asia/Seoul", "LT": "Europe/Vilnius",
    "LU": "Europe/Luxembourg", "LV": "Europe/Riga", "MA": "Africa/Casablanca",
    "MT": "Europe/Malta", "MX": "America/Mexico_City", "MY": "Asia/Kuala_Lumpur",
    "NG": "Africa/Lagos", "NL": "Europe/Amsterdam", "NO": "Europe/Oslo",
    "NZ": "Pacific/Auckland", "PA": "America/Panama", "PE": "America/Lima",
    "PH": "Asia/Manila", "PK": "Asia/Karachi", "PL": "Europe/Warsaw",
    "PT": "Europe/Lisbon", "RO": "Europe/Bucharest", "RS": "Europe/Belgrade",
    "RU": "Europe/Moscow", "SA": "Asia/Riyadh", "SE": "Europe/Stockholm",
    "SG": "Asia/Singapore", "SI": "Europe/Ljubljana", "SK": "Europe/Bratislava",
    "TH": "Asia/Bangkok", "TR": "Europe/Istanbul", "TW": "Asia/Taipei",
    "UA": "Europe/Kyiv", "US": "America/New_York", "UY": "America/Montevideo",
    "VN": "Asia/Ho_Chi_Minh", "ZA": "Africa/Johannesburg",
}  # fmt: skip

_ZONE_NAME = re.compile(r"UTC|GMT|[A-Z][A-Za-z]+(/[A-Za-z0-9_+-]+){1,2}")


@lru_cache(maxsize=1024)
def country_code(text: str) -> str | None:
    """The ISO 3166 two-letter code of a code (two or three letters) or of a country's name, else None."""
    word = folded(text)
    return _codes().get(word) or _names().get(word)


@lru_cache(maxsize=1024)
def valid_zone(name: str) -> str | None:
    """The name when it is an IANA time zone, else None."""
    if len(name) > 64 or not _ZONE_NAME.fullmatch(name):
        return None
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):  # an unknown name, and names of folders of the zone data
        return None


def read_phone(text: str, regions: tuple[str | None, ...]) -> PhoneNumber | None:
    """A possible and valid number, read as a number of the first region that makes it one; else None."""
    for region in dict.fromkeys(
        region for region in (*regions, None) if region or text.startswith(("+", "00"))
    ):
        number = _valid_number(f"+{text[2:]}" if region is None and text.startswith("00") else text, region)
        if number is not None:
            return number
    return None


def e164(number: PhoneNumber) -> str:
    """The number as it is stored: "+4930123456"."""
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def phone_country(number: PhoneNumber) -> str | None:
    """The country the number belongs to; None for numbers of no country (satellites, freephone)."""
    region = phonenumbers.region_code_for_number(number)
    return region if region is not None and len(region) == 2 and region.isalpha() else None


def zone_of(number: PhoneNumber | None, country: str | None) -> str | None:
    """The time zone of a number when it has only one, else the main zone of the country, else None."""
    if number is not None:
        zones = phone_zones.time_zones_for_number(number)
        if len(zones) == 1 and (known := valid_zone(zones[0])):
            return known
        country = country or phone_country(number)
    return MAIN_ZONES.get(country or "")


def _valid_number(text: str, region: str | None) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    """Folded two-letter and three-letter code, and what people write for one, -> two-letter code."""
    codes = {
        folded(code): alpha2 for _, alpha2, alpha3, *_ in COUNTRIES.values() for code in (alpha2, alpha3)
    }
    return codes | _EXTRA_NAMES


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Folded name -> two-letter code; where two have one name, the first language's wins."""
    from phonenumbers.geodata.locale import LOCALE_DATA  # noqa: PLC0415  # a third of a second, and most write a code

    index = {folded(code): code for code in LOCALE_DATA}
    for class_name, alpha2, *_ in COUNTRIES.values():
        index.setdefault(folded(class_name), alpha2)
    for language in _NAME_LANGUAGES:
        for code, names in LOCALE_DATA.items():
            index.setdefault(folded(_country_name(names, language)), code)
    index.pop("", None)
    return index


def _country_name(names: Mapping[str, str], language: str) -> str:
    """The country's name in a language; the data writes "*xx" for "as in language xx"."""
    name = str(names.get(language, ""))
    return str(names.get(name[1:], "")) if name.startswith("*") else name
