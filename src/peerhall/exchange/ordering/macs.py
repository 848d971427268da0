"""MAC addresses: which can be registered, and when they are valid."""

import re
from datetime import datetime
from typing import Final

from peerhall.contract.vocabulary import write_instant
from peerhall.exchange.records import Body
from peerhall.exchange.refusals import Faults

_VALIDITY: Final = ("valid_not_before", "valid_not_after")
_MAC: Final = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}", re.ASCII)


def check_mac(faults: Faults, body: Body, now: datetime) -> None:
    """Whether it is a unicast address in colon-separated hexadecimal, with a validity that is not over."""
    address = body["address"]
    if not _MAC.fullmatch(address):
        faults.add("address", "must be six bytes in hexadecimal with colons between, such as 02:00:5e:10:00:00")
    elif int(address[:2], 16) & 1:
        faults.add("address", "is a group address; only unicast addresses can be registered")
    elif not int(address.replace(":", ""), 16):
        faults.add("address", "is all zero, which no interface has")
    check_validity(faults, body, now)


def check_validity(faults: Faults, body: Body, now: datetime) -> None:
    """Whether a validity ends after it begins, and not in the past."""
    begins, ends = body.get("valid_not_before"), body.get("valid_not_after")
    if ends and ends <= write_instant(now):
        faults.add("valid_not_after", "is in the past")
    elif begins and ends and ends <= begins:
        faults.add("valid_not_after", "must be later than valid_not_before")


def is_valid_now(body: Body, now: datetime) -> bool:
    """Whether a MAC or IP address may be used at this moment."""
    at = write_instant(now)
    begins, ends = body.get("valid_not_before"), body.get("valid_not_after")
    return not (begins and at < begins) and not (ends and at >= ends)


def has_expired(body: Body, now: datetime) -> bool:
    """Whether a MAC or IP address may not be used any more."""
    ends = body.get("valid_not_after")
    return bool(ends and write_instant(now) >= ends)


def next_moment(body: Body, now: datetime) -> str | None:
    """When an address next becomes valid, or expires; None when nothing more happens to it."""
    at = write_instant(now)
    return min((each for name in _VALIDITY if (each := body.get(name)) and each > at), default=None)


def canonical_mac(address: str) -> str:
    """How addresses are compared."""
    return address.lower()
