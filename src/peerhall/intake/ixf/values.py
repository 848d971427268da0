"""Single values of an export, which may be of any type, as what they are meant to be."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import date
from ipaddress import ip_address, ip_network
from typing import Any, Final

from peerhall.contract.vocabulary import LARGEST_ASN, instant
from peerhall.intake.ixf.remarks import Remarks, Topic
from peerhall.intake.lans import Version

Object = Mapping[str, Any]

_ASN: Final = re.compile(r"(?:AS)?([0-9]{1,10})", re.ASCII | re.IGNORECASE)
_LARGEST: Final = 2**31 - 1
_MAC: Final = re.compile(r"[0-9a-f]{12}", re.ASCII)
_SHORTEST: Final = {4: 8, 6: 16}
"""Prefix lengths below which no LAN is that big."""


class Values:
    """Reads values out of the objects of an export; what cannot be read, or is not used, is told."""

    def __init__(self, remarks: Remarks) -> None:
        self._remarks = remarks
        self._aside: Counter[str] = Counter()

    def address(self, value: Any, version: Version, title: str) -> str | None:
        text = read_text(value).partition("/")[0]
        if not text:
            self._remarks.add(Topic.UNREADABLE, title, f"IPv{version}: there is no address")
            return None
        try:
            address = ip_address(text)
        except ValueError:
            self._remarks.add(Topic.UNREADABLE, title, f"{show(value)} is not an IPv{version} address")
            return None
        useless = address.is_multicast or address.is_unspecified or address.is_loopback or address.is_link_local
        if useless or "%" in text:
            self._remarks.add(Topic.UNREADABLE, title, f"{text} is not an address a member can have on a LAN")
            return None
        if address.version != version:
            self._remarks.add(Topic.UNREADABLE, title, f"{text} stands under ipv{version}; taken for what it is")
        return str(address)

    def macs(self, value: Any, title: str) -> list[str]:
        found: list[str] = []
        if value is None or value == "":
            return found
        for each in value if isinstance(value, list) else [value]:
            if each is None or each == "":
                continue
            try:
                found.append(read_mac(each))
            except ValueError as error:
                self._remarks.add(Topic.UNREADABLE, title, f"{show(each)} {error}")
        return list(dict.fromkeys(found))

    def day(self, entry: Object, member: str, title: str) -> str | None:
        """The date of a date-time, or of a plain date."""
        text = read_text(entry.get(member))
        if not text:
            return None
        if (day := read_day(text)) is not None:
            return day
        self._remarks.add(Topic.UNREADABLE, title, f"{member} is {show(entry.get(member))}, not a date")
        return None

    def number(self, entry: Object, member: str, title: str) -> int | None:
        value = entry.get(member)
        if value is None or value == "":
            return None
        number = read_integer(value)
        if number is None or not 0 <= number <= _LARGEST:
            self._remarks.add(Topic.UNREADABLE, title, f"{member} is {show(value)}, not a number that can be")
            return None
        return number

    def flag(self, entry: Object, member: str, title: str) -> bool:
        value = entry.get(member)
        if value is None or isinstance(value, bool):
            return bool(value)
        word = read_text(value).lower()
        if word in ("1", "true", "yes", "y"):
            return True
        if word not in ("0", "false", "no", "n", ""):
            self._remarks.add(Topic.UNREADABLE, title, f"{member} is {show(value)}, taken for false")
        return False

    def objects(self, entry: Object, member: str, title: str) -> list[Object]:
        """The objects in a list, which may be missing; a single object counts as a list of one."""
        value = entry.get(member)
        if isinstance(value, dict) and member != "member_list":
            # PHP writes a list with gaps in its keys as an object.
            value = (
                list(value.values()) if value and all(isinstance(each, dict) for each in value.values()) else [value]
            )
        if value is None or value == "" or value == {}:
            return []
        if not isinstance(value, list):
            self._remarks.add(Topic.UNREADABLE, title, f"{member} is {show(value)}, not a list")
            return []
        found: list[Object] = []
        for each in value:
            if isinstance(each, dict):
                found.append(each)
            else:
                topic = Topic.SKIPPED if member == "member_list" else Topic.UNREADABLE
                self._remarks.add(topic, title, f"{member} holds {show(each)}, which is not an object")
        return found

    def set_aside(self, where: str, entry: Object, used: frozenset[str]) -> None:
        self._aside.update(
            f"{read_text(name)} {where}" for name, value in entry.items() if name not in used and says_something(value)
        )

    def tell_aside(self) -> None:
        """Adds a remark for every member that was set aside."""
        for what, count in sorted(self._aside.items()):
            self._remarks.add(Topic.ASIDE, what, f"{count} time{'s' if count > 1 else ''}")


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


def read_services(details: Object) -> frozenset[str]:
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
