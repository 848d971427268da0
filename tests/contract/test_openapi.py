from typing import Any, Final

import pytest
import schemathesis

from peerhall.contract.openapi import write_openapi
from peerhall.contract.operations import BY_ID, OPERATIONS

DOCUMENT: Final = write_openapi({"health", "connections_list"})


def test_the_document_is_openapi_3_0() -> None:
    schemathesis.openapi.from_dict(DOCUMENT).validate()


def test_every_reference_leads_somewhere() -> None:
    for reference in find_references(DOCUMENT):
        place: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


def test_every_operation_is_listed_once_and_marked_when_it_does_not_work() -> None:
    described = [each for methods in DOCUMENT["paths"].values() for each in methods.values()]
    assert sorted(each["operationId"] for each in described) == sorted(BY_ID)
    assert [each["operationId"] for each in described if "x-available" not in each] == ["connections_list"]


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.partial], ids=lambda each: each.id)
def test_a_partial_update_demands_nothing_and_presumes_nothing(operation: Any) -> None:
    named = DOCUMENT["paths"][operation.path]["patch"]["requestBody"]["content"]["application/json"]["schema"]
    for variant in map(resolve, resolve(named).get("anyOf", [named])):
        assert variant["properties"]
        assert "required" not in variant
        assert not [name for name, member in variant["properties"].items() if "default" in member]


def test_a_delete_may_say_null_or_nothing() -> None:
    body = DOCUMENT["paths"]["/connections/{id}"]["delete"]["requestBody"]
    assert "required" not in body
    assert body["content"]["application/json"]["schema"]["nullable"]


def test_null_is_one_of_the_values_where_it_may_be_sent() -> None:
    members = [
        member
        for schema in DOCUMENT["components"]["schemas"].values()
        for member in schema.get("properties", {}).values()
        if "enum" in member
    ]
    assert members
    assert all((None in member["enum"]) == member.get("nullable", False) for member in members)


def test_health_promises_no_problems() -> None:
    assert set(DOCUMENT["paths"]["/health"]["get"]["responses"]) == {"200"}


def test_every_group_says_what_it_is_about() -> None:
    assert {tag["name"] for tag in DOCUMENT["tags"]} == {operation.group for operation in OPERATIONS}
    assert all(tag["description"].endswith(".") for tag in DOCUMENT["tags"])


def resolve(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return found


def find_references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else list(value.get("mapping", {}).values())
        return own + [each for member in value.values() for each in find_references(member)]
    return [each for item in value for each in find_references(item)] if isinstance(value, list) else []
