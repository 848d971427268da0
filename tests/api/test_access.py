"""Every operation of the standard, asked for by everybody: `access.txt` says what each gets."""

from pathlib import Path
from typing import Any

import jwt
import pytest

from peerhall.api.application import IMPLEMENTED
from peerhall.contract.operations import BY_ID
from peerhall.store import credentials
from peerhall.store.scoping import MASK
from tests.api.cast import ABOVE, MANAGER, STRANGER, USER
from tests.api.orders import fresh, fresh_circuit, request_body
from tests.installation import Site

TABLE = Path(__file__).with_name("access.txt")
Bearers = dict[str, str | None]


def read_table() -> tuple[list[str], list[tuple[str, str, list[str]]]]:
    """The callers, and for each operation and subject what they get."""
    lines = [line.split() for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    return lines[0][2:], [(line[0], line[1], line[2:]) for line in lines[1:]]


CALLERS, ROWS = read_table()


def test_every_operation_has_a_row_with_a_cell_for_everybody() -> None:
    assert {operation for operation, _, _ in ROWS} == set(BY_ID)
    assert [row for row in ROWS if len(row[2]) != len(CALLERS)] == []


def test_what_does_not_work_is_there_for_nobody() -> None:
    assert {operation for operation, _, cells in ROWS if set(cells) == {"404"}} == set(BY_ID) - IMPLEMENTED


def test_exactly_what_works_is_announced(staged: Site) -> None:
    assert staged.http.get("/implementation").json()["supported_operations"] == sorted(IMPLEMENTED)


@pytest.mark.parametrize(("operation", "subject", "cells"), ROWS, ids=[f"{row[0]}-{row[1]}" for row in ROWS])
def test_everybody_gets_what_the_table_says(
    staged: Site, bearers: Bearers, operation: str, subject: str, cells: list[str]
) -> None:
    found = {caller: ask(staged, bearers, caller, operation, subject) for caller in CALLERS}
    assert found == dict(zip(CALLERS, cells, strict=True))


@pytest.fixture(scope="module")
def bearers(staged: Site) -> Bearers:
    """A bearer token for each column of the table; those that must not work are made from the manager's."""
    key, secret = staged.key(MANAGER)
    pair = staged.http.post("/auth/token", json={"api_key": key, "api_secret": secret}).json()
    genuine = pair["access_token"]
    claims = jwt.decode(genuine, options={"verify_signature": False})
    header = {"kid": jwt.get_unverified_header(genuine)["kid"]}
    expired = {**claims, "iat": claims["iat"] - 8 * 3600, "exp": claims["exp"] - 8 * 3600}
    [signing_key] = credentials.list_signing_keys(staged.connection)
    return {
        "none": None,
        "expired": jwt.encode(expired, signing_key.secret, algorithm="HS256", headers=header),
        "refresh": pair["refresh_token"],
        "forged": jwt.encode(claims, b"x" * 32, algorithm="HS256", headers=header),
        "unsigned": jwt.encode(claims, None, algorithm="none", headers=header),
        "stranger": staged.login(STRANGER).token,
        "user": staged.login(USER).token,
        "manager": genuine,
        "above": staged.login(ABOVE).token,
        "readonly": staged.login(MANAGER, read_only=True).token,
        "operator": staged.login(None).token,
    }


def ask(site: Site, bearers: Bearers, caller: str, operation_id: str, subject: str) -> str:
    """The cell of the table, as it turns out to be. What is refused must change nothing."""
    operation = BY_ID[operation_id]
    options: dict[str, Any] = {}
    if operation.permission == "login":
        key, secret = site.key(MANAGER)
        pair = {"api_key": key, "api_secret": secret}
        token = site.http.post("/auth/token", json=pair).json()["refresh_token"]
        options["json"] = pair if operation.id == "auth_token_create" else {"refresh_token": token}
    elif operation.permission == "write" and operation.id in IMPLEMENTED:
        if operation.path.endswith("/change-request"):
            subject = fresh_circuit(site, wished=operation.method == "DELETE")
        elif operation.method == "DELETE":
            subject = fresh(site, operation.group)
        if operation.body == "binary":
            options["content"] = b"We let you connect this port."
        else:
            options["json"] = request_body(site, operation, subject)
    path = operation.path.replace("{id}", subject).replace("{aggregate}", "P1D")
    before = dump(site)
    token = bearers[caller]
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    answer = site.http.request(operation.method, path, headers=headers, **options)
    if answer.status_code >= 400:
        assert (answer.json()["status"], type(answer.json()["detail"])) == (answer.status_code, str)
        assert dump(site) == before, "a refused request has changed something"
    elif (
        operation.permission == "read"
        and operation.answer is not None
        and operation.id != "account_read"
        and operation.path.count("/") < 3
    ):
        return str(answer.status_code) + sight(site, operation.many, subject, answer.json())
    return str(answer.status_code)


def sight(site: Site, many: bool, subject: str, answer: Any) -> str:
    """Nothing when the subject is seen as it is, `~` when only a part of it, `-` when it is not there."""
    found = next((each for each in answer if each["id"] == subject), None) if many else answer
    if found is None:
        return "-"
    stored = site.stored(subject)
    if stored.keys() >= found.keys() > {"managing_account", "state"} and found["managing_account"] is None:
        stored["managing_account"] = None  # so everybody is shown their own account
    if found.get("password") == MASK:
        stored["password"] = MASK  # to whom it is shown is told in test_secrets
    assert {name: stored[name] for name in found} == found
    return "" if found.keys() == stored.keys() else "~"


def dump(site: Site) -> Any:
    """A digest of all that is stored."""
    statement = """
        select md5(string_agg(id || body::text || meta::text, ',' order by id)),
               (select md5(string_agg(document || content::text, ',' order by document)) from loa)
        from document"""
    return site.connection.execute(statement).fetchone()
