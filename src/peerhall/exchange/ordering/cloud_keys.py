"""What names a customer, or the circuit it has ordered, at a cloud provider: a key, written differently by each."""

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults

OTHER: Final = "other"
"""A provider whose keys we know nothing about."""

_LONGEST: Final = 256


@dataclass(frozen=True, slots=True)
class Vendor:
    """How a cloud provider writes its keys."""

    pattern: re.Pattern[str]
    expected: str
    names: tuple[str, ...]
    """Words by which an offering's `service_provider` means it."""


_UUID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


def _written(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII | re.IGNORECASE)


VENDORS: Final[dict[str, Vendor]] = {
    "aws": Vendor(_written(r"\d{12}"), "the 12 digits of an AWS account id, such as 123456789012", ("aws", "amazon")),
    "azure": Vendor(
        _written(_UUID),
        "an ExpressRoute service key, a UUID such as 01234567-89ab-cdef-0123-456789abcdef",
        ("azure", "microsoft"),
    ),
    "google": Vendor(
        _written(rf"{_UUID}/[a-z]+(?:-[a-z]+)*-?[a-z]*\d+/(?:\d|any)"),
        "a pairing key, uuid/region/n such as 01234567-89ab-cdef-0123-456789abcdef/europe-west1/1",
        ("google",),
    ),
    "oracle": Vendor(
        _written(r"ocid1\.virtualcircuit\.[a-z0-9]+(?:\.[a-z0-9-]*){1,2}\.[a-z0-9]+"),
        "the OCID of a virtual circuit, such as ocid1.virtualcircuit.oc1.eu-frankfurt-1.aaaaexample",
        ("oracle",),
    ),
    "alibaba": Vendor(
        _written(r"\d{16}"), "the 16 digits of an Alibaba Cloud account id, such as 1234567890123456", ("alibaba",)
    ),
}
"""The providers whose keys we can tell from a mistake, by the names that plug-ins and exchange files call them."""


@dataclass(frozen=True, slots=True)
class CustomersCircuit:
    """What a customer has ordered at a provider under a key. None is what the provider does not tell."""

    region: str | None = None
    pop: str | None = None
    bandwidth: int | None = None
    """In Mbit/s."""


class NoCircuit(Enum):
    """Why nothing is known of the circuit that a key stands for."""

    UNKNOWN = auto()
    """The provider knows no such key."""
    UNASKED = auto()
    """There is nobody to ask; people will see to it."""
    UNANSWERED = auto()
    """The provider did not answer, which may change."""


Finding = CustomersCircuit | NoCircuit


def provider_of(offering: Record) -> str:
    """What the provider of an offering is called by plug-ins and by VENDORS."""
    return str(offering.meta.get("cloud_provider") or find_vendor(str(offering.body.get("service_provider", ""))))


def find_vendor(service_provider: str) -> str:
    """The provider of VENDORS that a name means, or OTHER."""
    words = re.findall("[a-z]+", service_provider.lower())
    return next((name for name, vendor in VENDORS.items() if set(vendor.names) & set(words)), OTHER)


def is_well_formed(provider: str, key: str) -> bool:
    """Whether the provider could have given this key; of one we do not know, any key of reasonable length."""
    vendor = VENDORS.get(provider)
    return bool(vendor.pattern.fullmatch(key)) if vendor else bool(key.strip()) and len(key) <= _LONGEST


def check_key(faults: Faults, provider: str, key: str) -> None:
    """Whether a key is one of the provider's, as far as can be seen from how it is written."""
    if not is_well_formed(provider, key):
        expected = VENDORS[provider].expected if provider in VENDORS else f"1 to {_LONGEST} characters"
        faults.add("cloud_key", f"must be {expected}")


def write_key(provider: str, key: str) -> str:
    """A well-formed key as it is compared: the letters of those we know mean the same in either case."""
    return key.lower() if provider in VENDORS else key
