from typing import Any, get_args

import pytest

from peerhall.contract import schemas
from peerhall.contract.filters import FILTERS
from peerhall.contract.marks import Reference, Schema
from peerhall.contract.operations import OPERATIONS
from peerhall.exchange.relations import OWNERS, REFERENCES, REVERSE, list_references

ANSWERS = {
    each.group: each.answer
    for each in OPERATIONS
    if each.many and each.path == f"/{each.group}" and each.group in FILTERS
}


@pytest.mark.parametrize("kind", sorted(ANSWERS))
def test_every_member_that_names_others_is_known_and_no_other_is(kind: str) -> None:
    marked = set(collections_named(kind))
    known = {*REFERENCES.get(kind, ()), *REVERSE.get(kind, ())}
    assert marked - set(OWNERS) == known - set(OWNERS)
    assert not set(REFERENCES.get(kind, ())) & set(REVERSE.get(kind, ()))


@pytest.mark.parametrize("kind", sorted(REVERSE))
def test_a_computed_list_is_the_other_end_of_a_reference(kind: str) -> None:
    for member, (other, back) in REVERSE[kind].items():
        assert collections_named(kind)[member] == {other}
        assert back in REFERENCES[other]
        assert collections_named(other)[back] == {kind}


def test_references_are_listed_once_each_whether_single_or_many() -> None:
    body = {"network_service": "lan", "connection": None, "macs": ["a", "b", "a"], "managing_account": "member"}
    assert list(list_references("network-service-configs", body)) == [
        ("network_service", "lan"),
        ("macs", "a"),
        ("macs", "b"),
    ]
    assert list(list_references("contacts", body)) == []


def collections_named(kind: str) -> dict[str, set[str]]:
    """Members of a kind's answers that hold ids, and the collections these are of."""
    found: dict[str, set[str]] = {}
    for model in schemas.get_variants(str(ANSWERS[kind])).values():
        for name, field in model.model_fields.items():
            if collections := references_in(field.rebuild_annotation()):
                found.setdefault(name, set()).update(collections)
    return found


def references_in(annotation: Any) -> set[str]:
    if isinstance(annotation, Reference):
        return {annotation.collection}
    if isinstance(annotation, type) and issubclass(annotation, Schema):
        return set()
    return {each for part in get_args(annotation) for each in references_in(part)}
