"""Telephone numbers that nobody has: the ranges that each country keeps for films and books."""

from dataclasses import dataclass

# Country -> the fixed digits of each range, without country code and trunk zero; FREE_DIGITS more follow.
# Ranges that number checkers call invalid, such as Britain's for mobiles, are left out.
_AREAS_OF_US = (
    "201 202 212 213 303 305 312 404 415 503 512 602 615 617 702 713 718 720 801 813 858 917 919 971"
)
_AREAS = {
    "US": " ".join(f"{area}55501" for area in _AREAS_OF_US.split(" ")),
    "GB": "1134960 1144960 1164960 1174960 1184960 1214960 1314960 1414960 1514960 1614960 2079460",
    "FR": "19900 26191 35301 46571 53649",
    "DE": "3023125 2214710 4066969 6990009 8999998",
    "AU": "25550 27010 35550 37010 75550 77010 85550 87010",
}
RANGES = {country: tuple(areas.split()) for country, areas in _AREAS.items()}
FREE_DIGITS = {"US": 2, "GB": 3, "FR": 4, "DE": 3, "AU": 4}
CODES = {"US": "1", "GB": "44", "FR": "33", "DE": "49", "AU": "61"}


@dataclass(frozen=True)
class Phone:
    """A number by its country and national digits (without a trunk zero)."""

    country: str
    national: str

    @property
    def code(self) -> str:
        """The country's code, without a plus."""
        return CODES[self.country]

    def spelt(self, way: int, *, at_home: bool) -> str:
        """The number in one of several spellings; `at_home`: the reader takes numbers for this country's."""
        area, rest = self.national[:3], self.national[3:]
        abroad = (
            f"+{self.code}{self.national}",
            f"+{self.code} {area} {rest}",
            f"00{self.code} {area}-{rest}",
            f"(+{self.code}) {area}.{rest[:3]}.{rest[3:]}",
            f"+{self.code} ({area}) {rest[:3]} {rest[3:]}",
        )
        trunk = "" if self.country == "US" else "0"
        home = (f"{trunk}{area} {rest}", f"({trunk}{area}) {rest[:3]}-{rest[3:]}")
        ways = (*home, *abroad) if at_home else abroad
        return ways[way % len(ways)]


def phone_number(country: str, slot: int) -> Phone | None:
    """The `slot`-th number of a country; None when its ranges are used up."""
    digits = FREE_DIGITS[country]
    row, place = slot % len(RANGES[country]), slot // len(RANGES[country])
    if place >= 10**digits:
        return None
    return Phone(country, f"{RANGES[country][row]}{place:0{digits}}")
