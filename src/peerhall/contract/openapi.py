"""Writes the OpenAPI 3.0.3 document from the schemas and the table of operations."""

from collections.abc import Collection, Iterable
from importlib import import_module
from typing import Final

from peerhall.contract import problems
from peerhall.contract.filters import BOOLEANS, Filter
from peerhall.contract.openapi_schemas import Json, name_patch, reference, wrapped, write_schemas
from peerhall.contract.operations import OPERATIONS, Operation
from peerhall.contract.problems import ProblemType

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

_IDEMPOTENCY_KEY: Final[Json] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Any text of the client's that names this order: when it is sent again within 24 hours, the order "
    "is not placed again but answered as before.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}

_HEADERS: Final = {
    "Location": ("string", "Where the new object can be read."),
    "Retry-After": ("integer", "Seconds after which trying again makes sense."),
}

_PAGE_HEADERS: Final = {
    "X-Pagination-Limit": ("integer", "How many objects a page has at most."),
    "X-Pagination-Offset": ("integer", "How many objects come before this page."),
    "X-Pagination-Items": ("integer", "How many objects there are."),
    "X-Pagination-Pages": ("integer", "How many pages there are."),
    "X-Pagination-Page": ("integer", "Which page this is, from 1."),
    "X-Pagination-Token": ("string", "To be sent as page_token, so that pages fit together whatever is created."),
    "X-Pagination-Next": ("string", "Where the next page is; absent with the last."),
    "Link": ("string", "The same, after RFC 8288."),
}
"""Sent when the client asks for pages."""

_MODULES: Final = {
    "account": "accounts",
    "auth": "authentication",
    "extensions": "discovery",
    "health": "discovery",
    "implementation": "discovery",
}
"""The module that describes a group, where it is not called like it."""

_DESCRIPTION: Final = (
    "IX-API as Peerhall serves it.\n\n"
    "Log in with `POST /auth/token`, or with OAuth2 client credentials at `/oauth2/token` outside this path, and send "
    "the access token as bearer. Every answer that is not a success is a problem document. Lists are complete unless a "
    "page parameter asks for a part. `X-Request-Id` is taken over from the request, where it has one.\n\n"
    "Members marked `x-sensitive` are shown to entitled accounts only; `x-references` names the collection that an id "
    "belongs to. Operations marked `x-available: false` answer 404 here."
)


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
            "description": _DESCRIPTION,
        },
        "servers": [{"url": server}],
        "security": [{"bearer": []}],
        "tags": [_tag(group) for group in sorted({operation.group for operation in OPERATIONS})],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "schemas": write_schemas(),
            "parameters": {"IdempotencyKey": _IDEMPOTENCY_KEY},
            "headers": {name: _header(*described) for name, described in {**_HEADERS, **_PAGE_HEADERS}.items()},
            "responses": {_response_name(kind): _problem_response([kind]) for kind in SHARED_PROBLEMS},
        },
    }


def _tag(group: str) -> Json:
    """A group of operations, with what the module of its schemas says about it."""
    module = import_module(f"peerhall.contract.{_MODULES.get(group, group.replace('-', '_'))}")
    return {"name": group, "description": (module.__doc__ or "").partition("\n\n")[0]}


def _operation(operation: Operation) -> Json:
    described: Json = {
        "operationId": operation.id,
        "tags": [operation.group],
        "parameters": [
            *(_path_parameter(name) for name in _path_names(operation.path)),
            *(_query_parameter(parameter) for parameter in operation.filters),
            *([{"$ref": "#/components/parameters/IdempotencyKey"}] if _takes_idempotency_key(operation) else ()),
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
    if operation.partial:
        return reference(name_patch(operation.body))
    if operation.method == "DELETE":
        # Terraform says `null` where others leave the body out.
        return wrapped(reference(operation.body)) | {"nullable": True}
    return reference(operation.body)


def _path_names(path: str) -> list[str]:
    return [segment[1:-1] for segment in path.split("/") if segment.startswith("{")]


def _path_parameter(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameter(parameter: Filter) -> Json:
    described: Json = {"name": parameter.name, "in": "query"}
    match parameter.type:
        case "list":
            return described | {
                "schema": {"type": "array", "items": {"type": "string"}},
                "style": "form",
                "explode": False,
            }
        case "choice":
            schema: Json = {"type": "string", "enum": list(parameter.choices)}
        case "boolean":
            schema = {"type": "string", "enum": list(BOOLEANS)}
        case "date-time":
            schema = {"type": "string", "format": "date-time"}
        case "period":
            schema = {"type": "string", "format": "duration"}
        case "integer":
            schema = {"type": "integer", "format": "int64"}
        case "text":
            schema = {"type": "string"}
    if parameter.least is not None:
        schema["minimum"] = parameter.least
    return described | {"schema": schema}


def _takes_idempotency_key(operation: Operation) -> bool:
    return operation.method == "POST" and operation.permission == "write"


def _responses(operation: Operation) -> Json:
    answers: Json = {str(operation.status): _answer(operation)}
    if operation.pages:
        answers["206"] = _answer(operation)
    by_status: dict[int, list[ProblemType]] = {}
    for kind in operation.errors:
        by_status.setdefault(kind.status, []).append(kind)
    answers |= {str(status): _problem_response(kinds) for status, kinds in by_status.items()}
    for kind in SHARED_PROBLEMS:
        if _may_answer(operation, kind):
            answers.setdefault(str(kind.status), {"$ref": f"#/components/responses/{_response_name(kind)}"})
    return answers


def _may_answer(operation: Operation, kind: ProblemType) -> bool:
    if operation.id == "api_health_read" or kind is problems.METHOD_NOT_ALLOWED:
        return False
    if kind is problems.CONTENT_TOO_LARGE:
        return operation.method != "GET"
    if kind is problems.UNSUPPORTED_MEDIA_TYPE:
        return operation.body is not None
    if kind is problems.IDEMPOTENCY_CONFLICT:
        return _takes_idempotency_key(operation)
    if kind is problems.TOO_MANY_REQUESTS:
        return operation.permission == "login"
    return True


def _answer(operation: Operation) -> Json:
    if operation.answer is None:
        if operation.body == "binary":
            return {"description": "The document was kept."}
        return {"description": "A document.", "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}
    schema = reference(operation.answer)
    if operation.many:
        schema = {"type": "array", "items": schema}
    described: Json = {"description": operation.answer, "content": {"application/json": {"schema": schema}}}
    if operation.pages:
        described["headers"] = _header_references(_PAGE_HEADERS)
    elif operation.status == 201 and operation.permission == "write":
        described["headers"] = _header_references(["Location"])
    return described


def _problem_response(kinds: list[ProblemType]) -> Json:
    invalid = problems.VALIDATION_ERROR in kinds
    described: Json = {
        "description": " ".join(dict.fromkeys(kind.title for kind in kinds)),
        "content": {
            "application/problem+json": {
                "schema": reference("ValidationErrorResponse" if invalid else "ProblemResponse")
            }
        },
        "x-problem-types": [kind.uri for kind in kinds],
    }
    if {problems.TOO_MANY_REQUESTS, problems.TEMPORARILY_UNAVAILABLE}.intersection(kinds):
        described["headers"] = _header_references(["Retry-After"])
    return described


def _response_name(kind: ProblemType) -> str:
    return "".join(word.capitalize() for word in kind.uri.removeprefix(problems.OURS).split("-"))


def _header(type_: str, description: str) -> Json:
    return {"description": description, "schema": {"type": type_}}


def _header_references(names: Iterable[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
