"""Whatever is sent to the sandbox's own operations is answered with what a client can read."""

from typing import Any

import pytest

from peerhall.contract.operations import Operation
from peerhall.sandbox.answering import ControlBody
from peerhall.sandbox.controls import Controls
from peerhall.sandbox.sandbox import NAME
from peerhall.sandbox.tenants import Tenants
from tests.hostile import METHODS, VALUES, bodies, check, paths, queries
from tests.sandbox.conftest import Rehearsal

nobody: Any = None
OF_A_TENANT = list(Controls(nobody).routes)
OF_ALL = list(Tenants(nobody).routes)
MEMBERS = {member for body in ControlBody.__subclasses__() for member in body.model_fields}
NO_NAMES = [each for each in VALUES if not (isinstance(each, str) and NAME.fullmatch(each))]
IGNORES_BODIES = {"sandbox_resets_create"}
"""And takes long."""


def abuse(rehearsal: Rehearsal, operation: Operation) -> None:
    [first, *_] = found = paths(operation)

    def send(method: str, path: str, **options: Any) -> int:
        return check(rehearsal.http.request(method, rehearsal.controls + path, **options))

    for path in found if "{" in operation.path else ():
        assert send(operation.method, path) == 404, path[:100]
    for query in (*queries(operation), "%", "a=" + "x" * 5000) if operation.method == "GET" else ():
        send(operation.method, f"{first}?{query}")
    if operation.method != "GET" and operation.id not in IGNORES_BODIES:
        for options in bodies(MEMBERS, NO_NAMES):
            send(operation.method, first, **options)
    assert send(operation.method, first, headers={"Accept": "application/xml"}) == 406
    assert send("OPTIONS", first) == 405
    if operation.method != "GET":
        for origin in ("https://elsewhere.example", "null", "", "http://["):
            assert send(operation.method, first, headers={"Origin": origin}) == 403


def test_the_controls_of_a_tenant_take_no_harm(tenant: Rehearsal) -> None:
    for operation in OF_A_TENANT:
        abuse(tenant, operation)
    known = {(operation.method, operation.path) for operation in OF_A_TENANT}
    for _, path in known:
        for method in {each for each in METHODS if (each, path) not in known}:
            assert check(tenant.http.request(method, tenant.controls + path.replace("{id}", "x"))) == 405
    assert tenant.get("/health")["status"] == "pass"
    assert tenant.get("/account")["name"]


@pytest.mark.parametrize("operation", OF_ALL, ids=lambda each: each.id)
def test_the_list_of_tenants_takes_no_harm(main: Rehearsal, operation: Operation) -> None:
    before = main.control("GET", "/tenants")
    abuse(main, operation)
    assert main.control("GET", "/tenants") == before
