"""Reads the facts of an OpenAPI document as flat `key = value` lines, so that two documents can be compared."""

from typing import Any

Facts = dict[str, str]


def read_facts(document: dict[str, Any]) -> Facts:
    """Operations, parameters, codes, bodies, member names and types; not prose, not layout."""
    facts: Facts = {}
    components = document["components"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            _operation(facts, path, method.upper(), operation, components)
    for name, schema in components["schemas"].items():
        _schema(facts, name, schema, components)
    return facts


def parse_facts(text: str) -> Facts:
    """The inverse of `write_facts`."""
    return dict(line.split(" = ", 1) for line in text.splitlines())


def write_facts(facts: Facts) -> str:
    return "".join(f"{key} = {value}\n" for key, value in sorted(facts.items()))


def _operation(facts: Facts, path: str, method: str, operation: dict[str, Any], components: dict[str, Any]) -> None:
    name = operation["operationId"]
    facts[name] = f"{method} {path}" + (" deprecated" if operation.get("deprecated") else "")
    for parameter in operation.get("parameters", []):
        if "$ref" in parameter:
            parameter = components["parameters"][parameter["$ref"].rsplit("/", 1)[1]]
        if parameter["in"] == "query":
            facts[f"{name}?{parameter['name']}"] = _type(parameter["schema"])
        elif parameter["in"] == "header":
            facts[f"{name}:{parameter['name']}"] = _type(parameter["schema"])
    if body := operation.get("requestBody"):
        facts[f"{name}/body"] = _content(body["content"])
    for status, answer in operation["responses"].items():
        if "$ref" in answer:
            answer = components["responses"][answer["$ref"].rsplit("/", 1)[1]]
        kinds = " ".join(sorted(kind.rsplit("/", 1)[-1] for kind in answer.get("x-problem-types", [])))
        facts[f"{name}/{status}"] = kinds or _content(answer.get("content", {}))


def _content(content: dict[str, Any]) -> str:
    return " ".join(f"{media_type} {_type(media['schema'])}" for media_type, media in content.items()) or "-"


def _schema(facts: Facts, name: str, schema: dict[str, Any], components: dict[str, Any]) -> None:
    if "oneOf" in schema:
        members = sorted(member["$ref"].rsplit("/", 1)[1] for member in schema["oneOf"])
        facts[name] = f"one of {' '.join(members)} by {schema['discriminator']['propertyName']}"
        return
    if "anyOf" in schema:
        facts[name] = f"any of {' '.join(sorted(member['$ref'].rsplit('/', 1)[1] for member in schema['anyOf']))}"
        return
    properties: dict[str, Any] = {}
    required: set[str] = set()
    for part in schema.get("allOf", [schema]):
        if "$ref" in part:
            part = components["schemas"][part["$ref"].rsplit("/", 1)[1]]
        properties |= part.get("properties", {})
        required |= set(part.get("required", []))
    for member, described in properties.items():
        facts[f"{name}.{member}"] = _type(described) + (" required" if member in required else "")


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rsplit("/", 1)[1])
    if "allOf" in schema:
        (part,) = schema["allOf"]
        return _type(part) + _marks({key: value for key, value in schema.items() if key != "allOf"})
    if "enum" in schema:
        # Whether null is listed among the values is a matter of spelling; `nullable` tells.
        values = sorted(str(value) for value in schema["enum"] if value is not None)
        return f"{schema['type']}({'|'.join(values)})" + _marks(schema)
    if schema.get("type") == "array":
        return f"[{_type(schema['items'])}]" + _marks(schema)
    if schema.get("type") == "object" and schema.get("additionalProperties"):
        return f"map<{_type(schema['additionalProperties'])}>" + _marks(schema)
    return schema.get("type", "any") + _marks(schema)


def _marks(schema: dict[str, Any]) -> str:
    marks = [
        f"{word}={schema[key]!r}"
        for key, word in (
            ("minLength", "at-least"),
            ("maxLength", "at-most"),
            ("minimum", "from"),
            ("maximum", "to"),
            ("default", "default"),
        )
        if key in schema
    ]
    if schema.get("format") in ("date", "date-time", "binary"):
        marks.append(schema["format"])
    marks += [
        word
        for key, word in (("nullable", "nullable"), ("readOnly", "ro"), ("x-sensitive", "sensitive"))
        if schema.get(key)
    ]
    return "".join(f" {mark}" for mark in marks)
