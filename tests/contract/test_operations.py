from peerhall.contract import problems, schemas
from peerhall.contract.filters import FILTERS
from peerhall.contract.operations import BY_ID, OPERATIONS


def test_the_115_operations_of_the_standard_are_there_each_once() -> None:
    assert len(OPERATIONS) == len(BY_ID) == 115
    assert len({(operation.method, operation.path) for operation in OPERATIONS}) == 115


def test_bodies_and_answers_are_schemas_of_the_standard() -> None:
    named = {operation.body for operation in OPERATIONS} | {operation.answer for operation in OPERATIONS}
    assert named - {None, "binary"} <= schemas.NAMES


def test_only_reading_needs_no_right_to_write() -> None:
    reading = {operation.id for operation in OPERATIONS if operation.permission in ("read", "open")}
    assert reading == {operation.id for operation in OPERATIONS if operation.method == "GET"}


def test_every_collection_with_filters_is_listed_and_comes_in_pages() -> None:
    lists = {
        operation.group: operation
        for operation in OPERATIONS
        if operation.path == f"/{operation.group}" and operation.many
    }
    assert FILTERS.keys() == lists.keys() - {"extensions"}
    for operation in lists.values():
        names = [parameter.name for parameter in operation.filters]
        assert operation.pages
        assert len(names) == len(set(names))


def test_put_is_deprecated_but_for_ips() -> None:
    assert [each.id for each in OPERATIONS if each.method == "PUT" and not each.deprecated] == ["ips_update"]


def test_whoever_must_log_in_can_be_told_why_not() -> None:
    for operation in OPERATIONS:
        expired = problems.SIGNATURE_EXPIRED in operation.errors
        assert expired == (operation.permission != "open")
