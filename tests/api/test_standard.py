"""Every object of every list, by the standard's own OpenAPI document where that is at hand."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from peerhall.contract.filters import FILTERS
from tests.api.cast import MANAGER
from tests.installation import Site


@pytest.fixture(scope="module")
def document(shared: Path) -> Any:
    return with_null(json.loads((shared / "ixapi" / "ixapi-2.7.1.openapi.json").read_text()))


def with_null(schema: Any) -> Any:
    """The document with OpenAPI's `nullable` said in the words of JSON Schema."""
    if isinstance(schema, list):
        return [with_null(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    said = {name: with_null(each) for name, each in schema.items() if name != "nullable"}
    return {"anyOf": [{"enum": [None]}, said]} if schema.get("nullable") is True else said


@pytest.mark.parametrize("kind", FILTERS)
@pytest.mark.parametrize("account", [MANAGER, None])
def test_lists_hold_what_the_standard_says(staged: Site, document: Any, kind: str, account: str | None) -> None:
    answer = document["paths"][f"/{kind}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    validator = jsonschema_rs.Draft4Validator({**answer, "components": document["components"]})
    assert not validator.is_valid([{"id": 1}])
    own = staged.login(account).get(f"/{kind}")
    if kind == "accounts":
        own = [each for each in own if "state" in each]  # of others, only a part is shown
    assert [error.message for error in validator.iter_errors(own)] == []
