"""Single values of an export, which may be of any type, as what they are meant to be."""

import json
import re
from collections.abc import Mapping
from datetime import date
from ipaddress import ip_network
from typing import Any, Final

from peerhall.contract.vocabulary import LARGEST_ASN, instant
from peerhall.intake.lans import Version

_ASN: Final = re.compile(r"(?:AS)?([0-9]{1,10})", re.ASCII | re.IGNORECASE)
_MAC: Final = re.compile(r"[0-9a-f]{12}", re.ASCII)
_SHORTEST: Final = {4: 8, 6: 16}
"""Prefix lengths below which no LAN is that big."""


def read_day(text: str) -> str | None:
    """The date of a date-time, or of a plain date."""
    for parse in (instant, lambda text: date.fromisoformat(text[:10]).isoformat()):
        try:
            return parse(text)[:10]
        except ValueError:
            continue
    return None


def says_something(value: Any) -> bool:
    """Whether there is anything in it but emptiness."""
    if isinstance(value, dict):
        return any(map(says_something, value.values()))
    if isinstance(value, list):
        return any(map(says_something, value))
    return value not in (None, "", False)


def read_services(details: Mapping[str, Any]) -> frozenset[str]:
    """Exports of 1.0 say `services`, those of 0.7 `service_type`."""
    found: set[str] = set()
    for member in ("services", "service_type"):
        value = details.get(member)
        for each in value if isinstance(value, list) else [value]:
            found.add(read_text(each.get("type") if isinstance(each, dict) else each).lower())
    return frozenset(found & {"ixrouteserver", "ixroutecollector"})


def read_text(value: Any) -> str:
    """A word as it can be stored: no control characters, no half of a surrogate pair, no blanks around it."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    kept = (character for character in str(value) if character.isprintable() and not "\ud800" <= character <= "\udfff")
    return "".join(kept).strip()


def read_key(value: Any) -> str:
    """An id of the export's own, as text: `1` and `"1"` are the same."""
    number = read_integer(value)
    return str(number) if number is not None else read_text(value)[:80]


def read_integer(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if abs(value) < 10**18 else None
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 10**18 else None
    text = read_text(value)
    return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text, re.ASCII) else None


def read_mac(value: Any) -> str:
    """In lower case with colons, however it is written. Raises ValueError, saying what is wrong."""
    digits = re.sub(r"[:.\- ]", "", read_text(value).lower())
    if not _MAC.fullmatch(digits):
        raise ValueError("is not a MAC address")
    if int(digits[:2], 16) & 1 or not int(digits, 16):
        raise ValueError("is not a MAC address an interface has")
    return ":".join(digits[index : index + 2] for index in range(0, 12, 2))


def read_prefix(text: str, length: Any, version: Version) -> str:
    """A LAN's prefix, with its length in the text or beside it. Raises ValueError."""
    network = ip_network(text if "/" in text else f"{text}/{read_integer(length)}", strict=False)
    if network.version != version or network.prefixlen < _SHORTEST[version]:
        raise ValueError("is not the prefix of a LAN")
    return str(network)


def read_asn(value: Any) -> int | None:
    text = str(read_integer(value)) if not isinstance(value, str) else value.strip()
    match = _ASN.fullmatch(text)
    number = int(match.group(1)) if match else 0
    return number if 0 < number <= LARGEST_ASN else None


def read_country(value: Any) -> str:
    text = read_text(value).upper()
    return text if re.fullmatch(r"[A-Z]{2}", text, re.ASCII) else ""


def show(value: Any) -> str:
    """A value in a remark."""
    text = read_text(value) if isinstance(value, str) else read_text(json.dumps(value, default=str))
    return repr(text if len(text) <= 60 else f"{text[:59]}…")
