import inspect
from datetime import UTC, datetime, timedelta

import pytest

from peerhall.contract.members import Status
from peerhall.exchange import statuses
from peerhall.exchange.statuses import Note, contact_role_required, mac_missing, manual_step, write_status

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)

NOTES = [
    function
    for _, function in inspect.getmembers(statuses, inspect.isfunction)
    if inspect.signature(function).return_annotation is Note
]


def test_an_entry_keeps_the_time_at_which_it_first_stood_there() -> None:
    earlier = write_status([mac_missing()], (), NOON)
    entries = write_status([contact_role_required("noc"), mac_missing()], earlier, LATER)
    assert [(entry["id"], entry["timestamp"]) for entry in entries] == [
        ("contact_role_required:noc", "2026-09-01T13:00:00Z"),
        ("mac_missing", "2026-09-01T12:00:00Z"),
    ]


def test_an_entry_that_says_something_else_has_a_new_time() -> None:
    earlier = write_status([manual_step("T1")], (), NOON)
    assert write_status([manual_step("T1")], earlier, LATER)[0]["timestamp"] == "2026-09-01T12:00:00Z"
    assert write_status([manual_step("T2")], earlier, LATER)[0]["timestamp"] == "2026-09-01T13:00:00Z"


def test_an_entry_whose_cause_is_gone_is_gone() -> None:
    assert write_status([], write_status([mac_missing()], (), NOON), LATER) == []


def test_entries_of_one_tag_are_told_apart_by_what_they_are_about() -> None:
    entries = write_status([contact_role_required("noc"), contact_role_required("peering")], (), NOON)
    assert {entry["id"] for entry in entries} == {"contact_role_required:noc", "contact_role_required:peering"}


@pytest.mark.parametrize("make", NOTES, ids=lambda each: each.__name__)
def test_every_note_is_an_entry_of_the_standard_with_a_sentence(make: object) -> None:
    parameters = inspect.signature(make).parameters.values()  # type: ignore[arg-type]
    note = make(*(sample(each.name) for each in parameters if each.default is each.empty))  # type: ignore[operator]
    (entry,) = write_status([note], (), NOON)
    Status.model_validate(entry)
    assert 3 <= entry["severity"] <= 6
    assert entry["message"].endswith((".", "x"))
    assert "None" not in entry["message"]


def sample(name: str) -> object:
    return {"ips": ["ip"], "addresses": ["192.0.2.10"], "asn": 64496, "vlan": 100}.get(name, "x")
