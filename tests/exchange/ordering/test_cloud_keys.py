"""Keys of cloud providers: how each writes them, and by what name it is known."""

import pytest

from peerhall.exchange.ordering.cloud_keys import (
    VENDORS,
    check_key,
    find_vendor,
    is_well_formed,
    provider_of,
    write_key,
)
from peerhall.exchange.refusals import Faults
from tests.world import cloud_offering

UUID = "01234567-89ab-cdef-0123-456789abcdef"
OCID = "ocid1.virtualcircuit.oc1.eu-frankfurt-1.aaaaexample"

GOOD = {
    "aws": ["123456789012", "000000000000"],
    "azure": [UUID, UUID.upper()],
    "google": [f"{UUID}/europe-west1/1", f"{UUID}/us-central1/any", f"{UUID}/northamerica-northeast2/2"],
    "oracle": [OCID, "ocid1.virtualcircuit.oc1..aaaaexample", OCID.upper()],
    "alibaba": ["1234567890123456"],
    "other": ["anything at all", UUID],
}
BAD = {
    "aws": ["12345678901", "1234567890123", "12345678901a", "123456789012 ", "١٢٣٤٥٦٧٨٩٠١٢", ""],
    "azure": [UUID[:-1], f"{UUID}\n", f"{{{UUID}}}", UUID.replace("-", ""), "123456789012"],
    "google": [UUID, f"{UUID}/europe-west1", f"{UUID}/europe-west1/10", f"{UUID}//1", f"{UUID}/europe west1/1"],
    "oracle": ["ocid1.instance.oc1.eu-frankfurt-1.aaaa", "ocid1.virtualcircuit.oc1", UUID, f"{OCID} "],
    "alibaba": ["123456789012345", "12345678901234567", "123456789012"],
    "other": ["", "   ", "x" * 257],
}


@pytest.mark.parametrize("provider", GOOD)
def test_each_provider_writes_its_keys_in_its_own_way(provider: str) -> None:
    assert [key for key in GOOD[provider] if not is_well_formed(provider, key)] == []
    assert [key for key in BAD[provider] if is_well_formed(provider, key)] == []


@pytest.mark.parametrize("provider", VENDORS)
def test_a_wrong_key_is_told_what_one_looks_like_and_the_example_is_one(provider: str) -> None:
    faults = Faults()
    check_key(faults, provider, "nonsense")
    [fault] = faults.found
    assert fault.name == "cloud_key"
    assert fault.reason == f"must be {VENDORS[provider].expected}"
    assert is_well_formed(provider, VENDORS[provider].expected.rpartition(" ")[2])


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("Amazon Web Services", "aws"),
        ("AWS", "aws"),
        ("Microsoft Azure ExpressRoute", "azure"),
        ("Google Cloud", "google"),
        ("Oracle Cloud", "oracle"),
        ("Alibaba Cloud", "alibaba"),
        ("Awsome Clouds", "other"),
        ("Nimbus Cloud (fictional)", "other"),
    ],
)
def test_a_provider_is_known_by_its_name_unless_the_exchange_says_otherwise(name: str, provider: str) -> None:
    assert find_vendor(name) == provider
    assert provider_of(cloud_offering("cloud", "google", service_provider=name)) == "google"


def test_case_makes_no_other_circuit() -> None:
    assert write_key("azure", UUID.upper()) == UUID
    assert write_key("cumulus", "Key") == "Key"
