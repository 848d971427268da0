from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from peerhall.contract import schemas
from peerhall.contract.marks import Schema
from tests.contract.facts import parse_facts

STANDARD = {
    fact.split(".")[0] for fact in parse_facts((Path(__file__).parent / "facts.txt").read_text()) if fact[0].isupper()
}


def test_the_129_schemas_of_the_standard_are_there_each_once() -> None:
    assert len(schemas.NAMES) == 129
    assert schemas.NAMES == STANDARD
    assert max(Counter(name for names in schemas.MODULES.values() for name in names).values()) == 1


@pytest.mark.parametrize("name", sorted(schemas.NAMES))
def test_a_schema_can_be_loaded_and_used(name: str) -> None:
    schema = schemas.get_schema(name)
    models = [schema] if isinstance(schema, type) else list(get_args(get_args(schema)[0]) or get_args(schema)[:1])
    for model in models:
        assert issubclass(model, Schema)
        assert model.__doc__
        assert model.model_fields
        model.model_rebuild()


def test_a_polymorphic_schema_chooses_by_type() -> None:
    assert list(schemas.get_variants("MemberJoiningRuleRequest")) == ["allow", "deny"]
    assert list(schemas.get_variants("NetworkFeature")) == ["route_server"]
    assert list(schemas.get_variants("Contact")) == [""]


def test_a_schema_that_is_not_in_the_standard_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        schemas.get_schema("Customer")
