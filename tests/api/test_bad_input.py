"""Bad input over every operation that changes something: a problem that names what is wrong, and nothing changed."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from peerhall.api.application import IMPLEMENTED
from peerhall.contract.openapi import write_openapi
from peerhall.contract.operations import BY_ID, OPERATIONS, Operation
from tests.api.cast import MANAGER
from tests.api.orders import fresh, fresh_circuit, request_body
from tests.installation import Caller, Site

JSON = "application/json"
WRITES = [each.id for each in OPERATIONS if each.permission == "write" and each.id in IMPLEMENTED]
WITH_BODY = [id_ for id_ in WRITES if BY_ID[id_].body not in (None, "binary")]
LOGINS = ["auth_token_create", "auth_token_refresh"]
SCHEMAS = write_openapi(())["components"]["schemas"]

SURROGATE = b'{"external_ref": "half a \\ud83d pair", "name": "x"}'
DEEP = 100_000

BROKEN: dict[str, tuple[bytes, str, int]] = {
    "malformed": (b'{"name": ', JSON, 400),
    "trailing comma": (b'{"name": "x",}', JSON, 400),
    "two values": (b"{} {}", JSON, 400),
    "not a number": (b'{"name": NaN}', JSON, 400),
    "infinite": (b'{"name": -Infinity}', JSON, 400),
    "beyond floats": (b'{"name": 1e999}', JSON, 400),
    "single quotes": (b"{'name': 'x'}", JSON, 400),
    "control character": (b'{"name": "a\nb"}', JSON, 400),
    "bare NUL": (b'{"name": "a\x00b"}', JSON, 400),
    "escaped NUL": (b'{"external_ref": "a\\u0000b"}', JSON, 400),
    "NUL in a name": (b'{"a\\u0000b": 1}', JSON, 400),
    "lone surrogate": (SURROGATE, JSON, 400),
    "lone surrogate in a name": (b'{"\\udfff": 1}', JSON, 400),
    "lone surrogate in the depth": (b'{"x": [{"y": "\\ud800"}]}', JSON, 400),
    "surrogate hiding depth": (b'{"x": "\\ud800", "x": ' + b"[" * 700 + b"]" * 700 + b"}", JSON, 400),
    "invalid UTF-8": (b'{"name": "\xff\xfe"}', JSON, 400),
    "encoded surrogate": (b'{"name": "\xed\xa0\x80"}', JSON, 400),
    "UTF-16": ('{"name": "x"}'.encode("utf-16"), JSON, 400),
    "deep list": (b"[" * DEEP + b"]" * DEEP, JSON, 400),
    "deep object": (b'{"x":' * 20_000 + b"1" + b"}" * 20_000, JSON, 400),
    "unclosed depth": (b"[" * DEEP, JSON, 400),
    "list": (b"[]", JSON, 400),
    "text": (b'"name"', JSON, 400),
    "number": (b"1", JSON, 400),
    "boolean": (b"true", JSON, 400),
    "gzip": (b"\x1f\x8b\x08\x00", JSON, 400),
    "10 MB": (b'{"name": "' + b"x" * 10_000_000 + b'"}', JSON, 413),
    "10 MB of nothing": (b" " * 10_000_000, JSON, 413),
    "form": (b"name=x", "application/x-www-form-urlencoded", 415),
    "plain text": (b'{"name": "x"}', "text/plain", 415),
    "XML": (b"<name>x</name>", "application/xml", 415),
    "nonsense type": (b'{"name": "x"}', "nonsense", 415),
}

HARMLESS_IN_DELETE = ("null", "empty")


@pytest.fixture(scope="module")
def manager(staged: Site) -> Caller:
    return staged.login(MANAGER)


@pytest.fixture(autouse=True)
def untroubled(staged: Site, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever comes in, nothing is logged as an error or with a traceback."""
    caplog.set_level(logging.INFO)
    yield
    troubles = [record for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR]
    assert [record.getMessage() for record in troubles] == []


@pytest.fixture(scope="module")
def subjects(staged: Site) -> dict[str, str]:
    """An object of each kind for the operations to be tried on."""
    found = {group: fresh(staged, group) for group in {BY_ID[id_].group for id_ in WRITES}}
    return {**found, "change-request": fresh_circuit(staged, wished=False)}


def path_of(operation: Operation, subjects: dict[str, str]) -> str:
    of = "change-request" if operation.path.endswith("/change-request") else operation.group
    return operation.path.replace("{id}", subjects.get(of, ""))


def dump(site: Site) -> Any:
    """A digest of everything but logins and the journal."""
    tables = ("document", "reference", "claim", "vlan_claim", "prefix_claim", "idempotency", "work", "account_tree")
    return [
        site.connection.execute(f"select md5(string_agg(t::text, ',' order by t::text)) from {table} t").fetchone()
        for table in tables
    ]


def check(answer: httpx.Response, *statuses: int) -> dict[str, Any]:
    assert answer.status_code in statuses, answer.text[:500]
    problem: dict[str, Any] = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["status"] == answer.status_code
    assert isinstance(problem["detail"], str)
    assert len(answer.content) < 100_000
    return problem


@pytest.mark.parametrize("operation", [*WITH_BODY, *LOGINS])
def test_what_is_no_usable_json_is_refused(
    staged: Site, manager: Caller, subjects: dict[str, str], operation: str
) -> None:
    known = BY_ID[operation]
    before = dump(staged)
    for name, (body, media_type, status) in BROKEN.items():
        headers = {"Content-Type": media_type}
        answer = manager.request(known.method, path_of(known, subjects), content=body, headers=headers)
        assert answer.status_code == status, (name, answer.text[:300])
        problem = check(answer, status)
        if status == 400:
            assert problem["properties"], name
    assert dump(staged) == before


def test_a_text_that_cannot_be_kept_is_named(manager: Caller) -> None:
    def named(body: bytes) -> str:
        answer = manager.request("POST", "/contacts", content=body)
        [fault] = check(answer, 400)["properties"]
        return str(fault["name"])

    assert named(SURROGATE) == "external_ref"
    assert named(b'{"name": "x", "a": {"b": [1, "\\u0000"]}}') == "a.b.1"


@pytest.mark.parametrize("operation", [id_ for id_ in WITH_BODY if BY_ID[id_].method != "DELETE"])
def test_a_member_of_a_wrong_type_is_named(
    staged: Site, manager: Caller, subjects: dict[str, str], operation: str
) -> None:
    known = BY_ID[operation]
    valid = request_body(staged, known, subjects[known.group])
    assert valid is not None
    before = dump(staged)
    for member, schema in members_of(str(known.body), valid.get("type") or type_of(staged, known, subjects)).items():
        for wrong in wrong_values(schema):
            body = {**valid, member: wrong}
            answer = manager.request(known.method, path_of(known, subjects), content=json.dumps(body))
            problem = check(answer, 400)
            names = [fault["name"] for fault in problem["properties"]]
            assert any(name == member or name.startswith(f"{member}.") for name in names), (member, wrong, problem)
    assert dump(staged) == before


@pytest.mark.parametrize("operation", [id_ for id_ in WITH_BODY if BY_ID[id_].method in ("POST", "PUT")])
def test_a_missing_member_is_named(staged: Site, manager: Caller, subjects: dict[str, str], operation: str) -> None:
    known = BY_ID[operation]
    valid = request_body(staged, known, subjects[known.group])
    assert valid is not None
    before = dump(staged)
    required = SCHEMAS[variant(str(known.body), valid.get("type"))].get("required", [])
    for member in required:
        body = {name: value for name, value in valid.items() if name != member}
        problem = check(manager.request(known.method, path_of(known, subjects), json=body), 400)
        assert member in [fault["name"] for fault in problem["properties"]]
    if required:
        problem = check(manager.request(known.method, path_of(known, subjects), json={}), 400)
        named = {fault["name"] for fault in problem["properties"]}
        assert named == ({"type"} if "type" in required else set(required)), "all that is wrong is told at once"
    assert dump(staged) == before


@pytest.mark.parametrize("operation", [id_ for id_ in WITH_BODY if BY_ID[id_].method != "DELETE"])
def test_ids_of_others_and_of_nothing_are_refused_alike(
    staged: Site, manager: Caller, subjects: dict[str, str], operation: str
) -> None:
    """So that no order tells whether something exists that its sender may not see."""
    known = BY_ID[operation]
    valid = request_body(staged, known, subjects[known.group])
    assert valid is not None
    type_ = valid.get("type") or type_of(staged, known, subjects)
    foreign = {
        "managing_account": "rival",
        "consuming_account": "member",
        "billing_account": "rival",
        "connection": "connection-of-rival",
        "network_service_config": "group-config-of-rival",
        "contact": "contact-of-rival",
        "role_assignments": "assignment-of-rival",
        "macs": "mac-of-rival",
        "ip": "ip-of-rival",
    }
    if known.group == "member-joining-rules":
        # Whom a rule names is another on purpose, and has to be there.
        del foreign["consuming_account"]
        foreign["network_service"] = "group-of-rival"
    before = dump(staged)
    for member in foreign.keys() & valid.keys() | ({"macs"} & members_of(str(known.body), type_).keys()):
        told = []
        for id_ in (foreign[member], "no-such-thing", "\U0001f41f", "x" * 1000, ""):
            body = {**valid, member: [id_] if member in ("role_assignments", "macs") else id_}
            problem = check(manager.request(known.method, path_of(known, subjects), json=body), 400, 403)
            told.append((problem["status"], problem["detail"].replace(id_, "…") if id_ else problem["detail"][:20]))
            assert member in problem["detail"]
        assert len(set(told[:4])) == 1, (member, told)
    assert dump(staged) == before


@pytest.mark.parametrize("operation", [id_ for id_ in WRITES if "{id}" in BY_ID[id_].path])
def test_objects_that_are_not_there_are_not_found(staged: Site, manager: Caller, operation: str) -> None:
    known = BY_ID[operation]
    before = dump(staged)
    for id_ in ("no-such-thing", "rs1", "%00", "%ED%A0%80", "x" * 5000, "-1", "../accounts", "null", "%F0%9F%90%9F"):
        options = {"json": {}} if known.body else {}
        check(manager.request(known.method, known.path.replace("{id}", id_), **options), 404, 405)
    assert dump(staged) == before


@pytest.mark.parametrize("operation", [id_ for id_ in WITH_BODY if BY_ID[id_].method == "DELETE"])
@pytest.mark.parametrize(
    "date", ["tomorrow", "2026-02-30", "2026-1-1", "", 5, [], "2026-09-01T00:00:00Z", "0000-00-00"]
)
def test_a_day_of_leaving_that_is_none_is_named(
    staged: Site, manager: Caller, subjects: dict[str, str], operation: str, date: Any
) -> None:
    before = dump(staged)
    known = BY_ID[operation]
    answer = manager.request("DELETE", path_of(known, subjects), json={"decommission_at": date})
    assert [fault["name"] for fault in check(answer, 400)["properties"]] == ["decommission_at"]
    assert dump(staged) == before


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "ü", "a\tb"])
def test_an_idempotency_key_that_is_none_is_named(staged: Site, manager: Caller, key: str) -> None:
    before = dump(staged)
    headers = {b"Idempotency-Key": key.encode("latin-1")}
    answer = staged.http.post(
        "/contacts",
        json={"name": "x"},
        headers={b"Authorization": f"Bearer {manager.token}".encode(), **headers},  # type: ignore[arg-type]
    )
    assert [fault["name"] for fault in check(answer, 400)["properties"]] == ["Idempotency-Key"]
    assert dump(staged) == before


@pytest.mark.parametrize("number", ["9" * 19, "9" * 20, "-9" + "9" * 18, "9" * 400, "9" * 5000, "1e400", "-1E+999"])
def test_numbers_beyond_all_bounds_are_refused_wherever_they_are(staged: Site, manager: Caller, number: str) -> None:
    before = dump(staged)
    for member in ("port_quantity", "made_up", "name"):
        order = {"mode": "standalone", "product_offering": "port-10g", "port_quantity": 1, member: "…"}
        body = json.dumps(order, ensure_ascii=False).replace('"…"', number)
        headers = {"Idempotency-Key": f"key-{number[:100]}"}
        problem = check(manager.request("POST", "/connections", content=body, headers=headers), 400)
        unreadable = len(number) > 4300
        assert [fault["name"] for fault in problem["properties"]] == ["" if unreadable else member]
    assert dump(staged) == before


def type_of(site: Site, operation: Operation, subjects: dict[str, str]) -> str | None:
    if operation.method == "POST":
        return None
    return site.stored(subjects[operation.group]).get("type")


def variant(schema: str, type_: str | None) -> str:
    """The schema that a body of this type is checked against."""
    chosen = SCHEMAS[schema]
    if "oneOf" not in chosen:
        return schema
    return str(chosen["discriminator"]["mapping"][type_].rpartition("/")[2])


def members_of(schema: str, type_: str | None) -> dict[str, Any]:
    properties = SCHEMAS[variant(schema, type_)]["properties"]
    return {name: each for name, each in properties.items() if not each.get("readOnly") and name != "type"}


def wrong_values(schema: dict[str, Any]) -> list[Any]:
    """Values that are not of the schema's type, or beyond its bounds."""
    wrong: dict[str, list[Any]] = {
        "string": [1, 1.5, True, [], {}, ["x"]],
        "integer": ["1", 1.5, 1.0, True, [], {}, 2**63, -(2**63) - 1, 10**30],
        "boolean": ["true", 1, 0, [], {}],
        "array": ["x", 1, {}, True, [None], [[]], [{}]],
    }
    values = wrong.get(schema.get("type", ""), ["x", 1, True, []])
    if "items" in schema and "$ref" in schema["items"]:
        values = [each for each in values if each != [{}]]
    if "enum" in schema:
        values = [*values, "no-such-value", ""]
    if "maxLength" in schema:
        values = [*values, "x" * (schema["maxLength"] + 1)]
    if schema.get("format") in ("date", "date-time"):
        values = [*values, "yesterday", "2026-13-01T00:00:00Z"]
    return values if schema.get("nullable") else [*values, None]


@pytest.mark.parametrize("areas", [[7] * 20_000, ["nowhere"] * 20_000])
def test_of_a_mistake_made_many_times_a_hundred_are_told(manager: Caller, areas: list[Any]) -> None:
    address = {"country": "IE", "locality": "Cork", "street_address": "1 Quay", "postal_code": "T12"}
    body = {"name": "x", "address": address, "metro_area_network_presence": areas}
    answer = manager.request("POST", "/accounts", json=body)
    problem = answer.json()
    assert (answer.status_code, len(problem["properties"])) == (400, 100)
    assert "more" in problem["detail"]
    assert len(answer.content) < 20_000
