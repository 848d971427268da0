"""Checks bodies against the standard's schemas and says in plain words, all at once, what is wrong with them."""

from functools import cache
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import ValidationError, create_model
from pydantic_core import ErrorDetails

from peerhall.contract import schemas
from peerhall.contract.marks import NOT_NULL, READ_ONLY, Schema

Body = dict[str, Any]
M = TypeVar("M", bound=Schema)


class Fault(NamedTuple):
    """One member or parameter at fault: its name, nested ones with dots, and what is wrong with it."""

    name: str
    reason: str


class InvalidBody(Exception):
    """A body that does not fit its schema."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{fault.name}: {fault.reason}" for fault in faults))
        self.faults = faults


def check_body(schema: str, value: Any) -> Body:
    """The body with all members its schema knows and it has a value for, defaults filled in.

    Read-only and unknown members are left behind. Raises InvalidBody.
    """
    model = _choose_variant(schema, value)
    checked = validate(model, value)
    return {
        name: value for name, value in _plain(checked).items() if READ_ONLY not in model.model_fields[name].metadata
    }


def check_changes(schema: str, type_: str, value: Any) -> Body:
    """Those members of the body that are there and that its schema knows; `type_` is what the object is stored as.

    Read-only and unknown members are left behind. Raises InvalidBody.
    """
    if not isinstance(value, dict):
        raise InvalidBody([Fault("", "must be a JSON object")])
    if type_ and value.get("type", type_) != type_:
        raise InvalidBody([Fault("type", f"must be {type_}, the type of the object, or be left out")])
    model = _partial(schema, type_)
    checked = validate(model, value)
    return {
        name: _plain(getattr(checked, name))
        for name, field in model.model_fields.items()
        if name in checked.model_fields_set and name != "type" and READ_ONLY not in field.metadata
    }


def check_document(schema: str, value: Any) -> Body:
    """An object of ours as its schema has it, read-only members and all. Raises InvalidBody."""
    checked = validate(_choose_variant(schema, value), value)
    return {name: _plain(getattr(checked, name)) for name in type(checked).model_fields if name in value}


MOST_FAULTS: Final = 100
"""So many are told at once; whoever has more of them has one mistake a hundred times."""


def validate(model: type[M], value: Any) -> M:
    """The value as this very model. Raises InvalidBody."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise InvalidBody([_fault(each) for each in found[: MOST_FAULTS + 1]]) from None


def _choose_variant(schema: str, value: Any) -> type[Schema]:
    variants = schemas.get_variants(schema)
    if not isinstance(value, dict):
        raise InvalidBody([Fault("", "must be a JSON object")])
    if "" in variants:
        return variants[""]
    if "type" not in value:
        raise InvalidBody([Fault("type", f"is required; one of {', '.join(variants)}")])
    chosen = variants.get(value["type"]) if isinstance(value["type"], str) else None
    if chosen is None:
        raise InvalidBody([Fault("type", f"must be one of {', '.join(variants)}")])
    return chosen


@cache
def _partial(schema: str, type_: str) -> type[Schema]:
    """The schema's variant with every member optional."""
    variants = schemas.get_variants(schema)
    whole = variants.get(type_) or variants[""]
    members: dict[str, Any] = {name: (field.rebuild_annotation(), None) for name, field in whole.model_fields.items()}
    return create_model(f"Partial{whole.__name__}", __base__=Schema, **members)


def _plain(value: Any) -> Any:
    """The value as JSON has it; members that must not be null are absent where they have no value."""
    if isinstance(value, Schema):
        return {
            name: _plain(member)
            for name, field in type(value).model_fields.items()
            if (member := getattr(value, name)) is not None or NOT_NULL not in field.metadata
        }
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value


_TAGGED: Final = frozenset({"vlan_config", "shared_statistics"})
"""Members whose place in an error is followed by the variant that was tried."""

_REASONS: Final = {
    "missing": "is required",
    "string_type": "must be a string",
    "int_type": "must be an integer",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
}


def _fault(error: ErrorDetails) -> Fault:
    parts = [str(part) for part in error["loc"]]
    for index, part in enumerate(parts[:-1]):
        if part in _TAGGED:
            del parts[index + 1]
            break
    if error["type"] in ("union_tag_not_found", "union_tag_invalid"):
        discriminator = str(error["ctx"]["discriminator"]).strip("'")
        known = str(error["ctx"].get("expected_tags", "")).replace("'", "")
        parts.append(discriminator)
        return Fault(".".join(parts), f"must be one of {known}" if known else "is required")
    return Fault(".".join(parts), _REASONS.get(error["type"]) or _in_our_words(error))


def _in_our_words(error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    # Texts are measured after they were checked, and pydantic then calls their characters items of a value.
    items = "items" if context.get("field_type") == "List" else "characters"
    match error["type"]:
        case "too_short" | "string_too_short":
            return f"must have at least {context['min_length']} {items}"
        case "too_long" | "string_too_long":
            return f"must have at most {context['max_length']} {items}"
    return error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")


@cache
def _blank(schema: str, type_: str) -> Body:
    variants = schemas.get_variants(schema)
    model = variants.get(type_) or variants[""]
    return {
        name: field.default
        for name, field in model.model_fields.items()
        if not field.is_required() and NOT_NULL not in field.metadata and READ_ONLY not in field.metadata
    }


def blank(schema: str, type_: str = "") -> Body:
    """The optional nullable members of an answer, each with its default: what goes out when nobody set it."""
    return dict(_blank(schema, type_))
