"""Writes the OpenAPI 3.0.3 document from the schemas and the table of operations.

Our own small generator rather than pydantic's: the vocabulary of types is closed, and clients' generators still want
3.0.3 with `nullable`, which pydantic does not write.
"""

from collections.abc import Collection, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic.fields import FieldInfo

from peerhall.contract import problems, schemas
from peerhall.contract.filters import Filter
from peerhall.contract.marks import NOT_NULL, READ_ONLY, SENSITIVE, Format, Schema
from peerhall.contract.operations import OPERATIONS, Operation
from peerhall.contract.problems import ProblemType

Json = dict[str, Any]

SCHEMA_VERSION: Final = "2.7.1"

SHARED_PROBLEMS: Final = (
    problems.METHOD_NOT_ALLOWED,
    problems.NOT_ACCEPTABLE,
    problems.IDEMPOTENCY_CONFLICT,
    problems.CONTENT_TOO_LARGE,
    problems.UNSUPPORTED_MEDIA_TYPE,
    problems.TOO_MANY_REQUESTS,
    problems.TEMPORARILY_UNAVAILABLE,
)
"""What any HTTP server has to answer at times and the standard does not list."""

_PRIMITIVES: Final[dict[Any, Json]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    Any: {},
}


def write_openapi(available: Collection[str], server: str = "/api/v2") -> Json:
    """The whole document; operations not in `available` carry `x-available: false`."""
    paths: dict[str, Json] = {}
    for operation in OPERATIONS:
        described = _operation(operation)
        if operation.id not in available:
            described["x-available"] = False
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "IX-API",
            "version": SCHEMA_VERSION,
            "description": "IX-API as Peerhall serves it. Members marked `x-sensitive` are shown to entitled accounts "
            "only. Operations marked `x-available: false` answer 404 here.",
        },
        "servers": [{"url": server}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "schemas": {name: _named_schema(name) for name in sorted(schemas.NAMES)},
            "responses": {_response_name(kind): _problem_response([kind]) for kind in SHARED_PROBLEMS},
        },
    }


def _operation(operation: Operation) -> Json:
    described: Json = {
        "operationId": operation.id,
        "tags": [operation.group],
        "parameters": [
            *(_path_parameter(name) for name in _path_names(operation.path)),
            *(_query_parameter(parameter) for parameter in operation.filters),
        ],
        "responses": _responses(operation),
    }
    if operation.deprecated:
        described["deprecated"] = True
    if operation.permission in ("open", "login"):
        described["security"] = []
    if operation.body == "binary":
        described["requestBody"] = {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}
    elif operation.body:
        described["requestBody"] = {"content": {"application/json": {"schema": _body_schema(operation)}}}
        if operation.method != "DELETE":
            described["requestBody"]["required"] = True
    return described


def _body_schema(operation: Operation) -> Json:
    assert operation.body
    reference = _reference(operation.body)
    return {"allOf": [reference], "x-partial": True} if operation.partial else reference


def _path_names(path: str) -> list[str]:
    return [segment[1:-1] for segment in path.split("/") if segment.startswith("{")]


def _path_parameter(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameter(parameter: Filter) -> Json:
    described: Json = {"name": parameter.name, "in": "query"}
    match parameter.type:
        case "list":
            described |= {"schema": {"type": "array", "items": {"type": "string"}}, "style": "form", "explode": False}
        case "choice":
            described["schema"] = {"type": "string", "enum": list(parameter.choices)}
        case "date-time":
            described["schema"] = {"type": "string", "format": "date-time"}
        case "integer":
            described["schema"] = {"type": "integer"}
        case "text":
            described["schema"] = {"type": "string"}
    return described


def _responses(operation: Operation) -> Json:
    answers: Json = {str(operation.status): _answer(operation)}
    if operation.pages:
        answers["206"] = _answer(operation)
    by_status: dict[int, list[ProblemType]] = {}
    for kind in operation.errors:
        by_status.setdefault(kind.status, []).append(kind)
    if operation.group == "roles" and "{id}" in operation.path:
        by_status[problems.NOT_FOUND.status] = [problems.NOT_FOUND]
    answers |= {str(status): _problem_response(kinds) for status, kinds in by_status.items()}
    for kind in SHARED_PROBLEMS:
        if _may_answer(operation, kind):
            answers.setdefault(str(kind.status), {"$ref": f"#/components/responses/{_response_name(kind)}"})
    return answers


def _may_answer(operation: Operation, kind: ProblemType) -> bool:
    if kind in (problems.CONTENT_TOO_LARGE, problems.UNSUPPORTED_MEDIA_TYPE):
        return operation.body is not None
    if kind is problems.IDEMPOTENCY_CONFLICT:
        return operation.method == "POST" and operation.permission == "write"
    if kind is problems.TOO_MANY_REQUESTS:
        return operation.permission == "login"
    return kind is not problems.METHOD_NOT_ALLOWED


def _answer(operation: Operation) -> Json:
    if operation.answer is None:
        if operation.body == "binary":
            return {"description": "The document was kept."}
        return {"description": "A document.", "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}
    schema = _reference(operation.answer)
    if operation.many:
        schema = {"type": "array", "items": schema}
    return {"description": operation.answer, "content": {"application/json": {"schema": schema}}}


def _problem_response(kinds: list[ProblemType]) -> Json:
    invalid = problems.VALIDATION_ERROR in kinds
    return {
        "description": " ".join(dict.fromkeys(kind.title for kind in kinds)),
        "content": {
            "application/problem+json": {
                "schema": _reference("ValidationErrorResponse" if invalid else "ProblemResponse")
            }
        },
        "x-problem-types": [kind.uri for kind in kinds],
    }


def _response_name(kind: ProblemType) -> str:
    return "".join(word.capitalize() for word in kind.uri.removeprefix(problems.OURS).split("-"))


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _named_schema(name: str) -> Json:
    schema = schemas.get_schema(name)
    if isinstance(schema, type) and issubclass(schema, Schema):
        return _model(schema)
    property_name = schema.__metadata__[0].discriminator
    members = schemas.get_variants(name) if property_name == "type" else _members(schema, property_name)
    return {
        "oneOf": [_reference(member.__name__) for member in members.values()],
        "discriminator": {
            "propertyName": property_name,
            "mapping": {value: _reference(member.__name__)["$ref"] for value, member in members.items()},
        },
    }


def _members(union: Any, property_name: str) -> Mapping[str, type[Schema]]:
    return {
        get_args(member.model_fields[property_name].annotation)[0]: member for member in get_args(get_args(union)[0])
    }


def _model(model: type[Schema]) -> Json:
    fields = model.model_fields
    described: Json = {
        "type": "object",
        "description": " ".join((model.__doc__ or "").split()),
        "properties": {name: _member(field) for name, field in fields.items()},
    }
    required = {name for name, field in fields.items() if field.is_required()}
    if not model.__name__.endswith(("Request", "Update")):
        # Of an object that some accounts see only in part, an answer cannot promise the rest.
        required &= getattr(model, "always_shown", required)
    if required:
        described["required"] = sorted(required)
    return described


def _member(field: FieldInfo) -> Json:
    annotation, nullable = _without_none(field.annotation)
    described = _type(annotation)
    if nullable and NOT_NULL not in field.metadata:
        described = _wrapped(described) | {"nullable": True}
    for mark in field.metadata:
        described = _marked(described, mark)
    if not field.is_required() and field.default is not None:
        described = _wrapped(described) | {"default": field.default}
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
    if mark is SENSITIVE:
        return _wrapped(described) | {"x-sensitive": True}
    if mark is READ_ONLY:
        return _wrapped(described) | {"readOnly": True}
    return described


def _wrapped(described: Json) -> Json:
    """A reference that can carry members beside itself, which OpenAPI 3.0 ignores next to a plain `$ref`."""
    return {"allOf": [described]} if "$ref" in described else described


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
        return _reference(name)
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
