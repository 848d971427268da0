"""Writes the standard's schemas as OpenAPI 3.0.3 component schemas.

Our own small generator rather than pydantic's: the vocabulary of types is closed, and clients' generators still want
3.0.3 with `nullable`, which pydantic does not write.
"""

from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic.fields import FieldInfo

from peerhall.contract import schemas
from peerhall.contract.marks import NOT_NULL, READ_ONLY, SENSITIVE, Format, Reference, Schema
from peerhall.contract.operations import OPERATIONS

Json = dict[str, Any]

_PRIMITIVES: Final[dict[Any, Json]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    Any: {},
}


def write_schemas() -> dict[str, Json]:
    """All schemas by name, and beside those that a PATCH takes a part of, that part: `…Update` becomes `…Patch`."""
    written = {name: _named_schema(name) for name in schemas.NAMES}
    for operation in OPERATIONS:
        if operation.body and operation.partial:
            written |= _patches(operation.body)
    return dict(sorted(written.items()))


def name_patch(name: str) -> str:
    """What the schema is called of which a PATCH with this body takes a part."""
    return name.removesuffix("Update").removesuffix("Request") + "Patch"


def reference(name: str) -> Json:
    """A mention of a component schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def wrapped(described: Json) -> Json:
    """A reference that can carry members beside itself, which OpenAPI 3.0 ignores next to a plain `$ref`."""
    return {"allOf": [described]} if "$ref" in described else described


def _patches(name: str) -> dict[str, Json]:
    """A body in which everything can be left out, for each of its types; of which type it is need not be said."""
    variants = schemas.get_variants(name).values()
    written = {name_patch(variant.__name__): _model(variant, partial=True) for variant in variants}
    if name_patch(name) not in written:
        written[name_patch(name)] = {"anyOf": [reference(variant) for variant in written]}
    return written


def _named_schema(name: str) -> Json:
    schema = schemas.get_schema(name)
    if isinstance(schema, type) and issubclass(schema, Schema):
        return _model(schema)
    property_name = schema.__metadata__[0].discriminator
    members = schemas.get_variants(name) if property_name == "type" else _members(schema, property_name)
    return {
        "oneOf": [reference(member.__name__) for member in members.values()],
        "discriminator": {
            "propertyName": property_name,
            "mapping": {value: reference(member.__name__)["$ref"] for value, member in members.items()},
        },
    }


def _members(union: Any, property_name: str) -> Mapping[str, type[Schema]]:
    return {
        get_args(member.model_fields[property_name].annotation)[0]: member for member in get_args(get_args(union)[0])
    }


def _model(model: type[Schema], *, partial: bool = False) -> Json:
    fields = model.model_fields
    described: Json = {
        "type": "object",
        "description": " ".join((model.__doc__ or "").split()),
        "properties": {name: _member(field, partial) for name, field in fields.items()},
    }
    required = {name for name, field in fields.items() if field.is_required() and not partial}
    if not model.__name__.endswith(("Request", "Update")):
        # Of an object that some accounts see only in part, an answer cannot promise the rest.
        required -= getattr(model, "not_for_all", frozenset())
    if required:
        described["required"] = sorted(required)
    return described


def _member(field: FieldInfo, partial: bool) -> Json:
    annotation, nullable = _without_none(field.annotation)
    described = _type(annotation)
    if nullable and NOT_NULL not in field.metadata:
        described = wrapped(described) | {"nullable": True}
        if "enum" in described:
            # Of a list of values, OpenAPI 3.0.3 wants null in it, or null is not one of them.
            described["enum"] = [*described["enum"], None]
    for mark in field.metadata:
        described = _marked(described, mark)
    if not partial and not field.is_required() and field.default is not None:
        described = wrapped(described) | {"default": field.default}
    return described


def _marked(described: Json, mark: Any) -> Json:
    match mark:
        case MaxLen(limit):
            return described | {"maxLength": limit}
        case MinLen(limit):
            return described | {"minLength": limit}
        case Ge(limit):
            return described | {"minimum": limit}
        case Le(limit):
            return described | {"maximum": limit}
        case Format(name):
            return described | {"format": name}
        case Reference(collection):
            return described | {"x-references": collection}
    if mark is SENSITIVE:
        return wrapped(described) | {"x-sensitive": True}
    if mark is READ_ONLY:
        return wrapped(described) | {"readOnly": True}
    return described


def _without_none(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) is Annotated:
        inner, *marks = get_args(annotation)
        bare, nullable = _without_none(inner)
        return (Annotated[bare, *marks] if nullable else annotation), nullable
    if get_origin(annotation) in (Union, UnionType) and NoneType in get_args(annotation):
        rest = tuple(member for member in get_args(annotation) if member is not NoneType)
        return Union[rest], True  # noqa: UP007 - the members are known only here
    return annotation, False


def _type(annotation: Any) -> Json:
    name = _name_of(annotation)
    if name:
        return reference(name)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        described = _type(arguments[0])
        for mark in arguments[1:]:
            described = _marked(described, mark)
        return described
    if origin is Literal:
        return {"type": "integer" if isinstance(arguments[0], int) else "string", "enum": list(arguments)}
    if origin is list:
        return {"type": "array", "items": _type(arguments[0])}
    if origin is dict:
        values = _type(arguments[1])
        return {"type": "object", "additionalProperties": values} if values else {"type": "object"}
    return dict(_PRIMITIVES[annotation])


def _name_of(annotation: Any) -> str | None:
    if isinstance(annotation, type) and issubclass(annotation, Schema):
        return annotation.__name__
    for name in ("VlanConfig", "SharedStatisticsConfig"):
        if annotation == schemas.get_schema(name):
            return name
    return None
