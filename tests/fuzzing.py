"""Schemathesis on a running installation: what it is told, and how it is run."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests import world
from tests.installation import Caller, Site
from tests.orderdesk import groups

LOGINS = ("member", "reseller")

_METHODS = frozenset({"get", "put", "post", "delete", "options", "patch", "trace"})
"""Those schemathesis tries on every path that does not document them."""

_KNOWN = 0.8
"""How often a value is one that was there at first; else it is one seen in an answer, or anything."""

_WORDS = {
    "mac": [f"02:00:5e:10:01:{number:02x}" for number in range(8)],
    "asn": [64496, 64497, 4200000000],
}
"""Values of a shape that nobody hits upon by chance."""

_WORDED = {"body.address": "mac", "body.asn": "asn", "body.asns[*]": "asn"}
"""Which member of a body takes which of them."""


class Fuzzer:
    """Runs schemathesis in a directory of its own on what `/api/v2/openapi.json` says works."""

    def __init__(self, site: Site, directory: Path) -> None:
        self._site = site
        self._directory = directory
        self._callers = {login: site.login(login) for login in LOGINS}
        self._bodies = {login: _settle(site, login, caller) for login, caller in self._callers.items()}
        identities = [
            {"name": login, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {caller.token}"}]}
            for login, caller in self._callers.items()
        ]
        (directory / "logins.json").write_text(json.dumps({"auth": identities}))

    def run(self, login: str, *options: str, quietly: bool = True) -> subprocess.CompletedProcess[str]:
        """One run as one login, with the other looking for what it should not see."""
        document = self._site.http.get("/openapi.json").json()
        hidden = _drop_unavailable(document)
        _tell_parts_apart(document)
        _add_examples(document, self._bodies[login], self._own_ids(login))
        (self._directory / "openapi.json").write_text(json.dumps(document))
        (self._directory / "schemathesis.toml").write_text("\n".join(self._configuration(login, document, hidden)))
        output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} if quietly else {}
        return subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml"),
                *("run", "openapi.json", "--url", self._site.url),
                *("--checks", "all", "--exclude-checks", "positive_data_acceptance"),
                *("--generation-database", "none", "--continue-on-failure"),
                # How long something takes says more about the machine than about the server.
                *("--request-timeout", "120", "--suppress-health-check", "all"),
                *(("--no-color",) if quietly else ()),
                *options,
            ],
            cwd=self._directory,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
            text=True,
            **output,  # type: ignore[call-overload]
        )

    def _configuration(self, login: str, document: Any, hidden: dict[str, set[str]]) -> Iterator[str]:
        yield "[auth.wfc]"
        yield 'path = "logins.json"'
        yield f"user = {json.dumps(login)}"
        yield f"peers = {json.dumps(LOGINS)}"
        yield "[warnings]"
        yield 'fail-on = ["dictionary_mismatch"]'
        dictionaries = {**_WORDS, **self._ids(login)}
        yield "[dictionaries]"
        for name, values in dictionaries.items():
            yield f"{json.dumps(name)} = {{ values = {json.dumps(values)} }}"
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                yield "[[operations]]"
                yield f"include-name = {json.dumps(f'{method.upper()} {path}')}"
                unexpected = sorted(_METHODS - {*methods, *hidden[path]})
                yield f"phases.coverage.unexpected-methods = {json.dumps(unexpected)}"
                for place, dictionary in sorted(set(_bindings(document, path, operation))):
                    if dictionary in dictionaries:
                        binding = f"{{ dictionary = {json.dumps(dictionary)}, probability = {_KNOWN} }}"
                        yield f"parameters.{json.dumps(place)} = {binding}"

    def _ids(self, login: str) -> dict[str, list[str]]:
        """All ids by collection, most often those that the login can read."""
        ids: dict[str, list[str]] = defaultdict(list)
        for kind, id_ in self._site.connection.execute("select kind, id from document order by kind, id").fetchall():
            ids[kind].append(id_)
        for kind, known in ids.items():
            known += 3 * [each["id"] for each in self._callers[login].get(f"/{kind}")]
        return ids

    def _own_ids(self, login: str) -> dict[str, str]:
        """An id of each collection, of an object of the login's if there is one."""
        ids = {}
        for collection in self._ids(login):
            readable = self._callers[login].get(f"/{collection}")
            own = [each["id"] for each in readable if each.get("managing_account") == login]
            if readable:
                ids[collection] = (own or [each["id"] for each in readable])[0]
        return ids


def _settle(site: Site, login: str, caller: Caller) -> dict[str, Any]:
    """Orders something of each kind and sees it through to production; returns a body of each to go on with."""
    number = LOGINS.index(login)
    owners = {"managing_account": login, "consuming_account": login}
    bodies: dict[str, Any] = {
        "accounts": {"name": "Customer", "managing_account": login, "address": world.ADDRESS},
        "contacts": {**owners, "name": "noc", "email": "noc@example.net", "telephone": "+353215550100"},
        "macs": {**owners, "address": f"02:00:5e:10:00:{number:02x}"},
        "connections": {
            **owners,
            "mode": "standalone",
            "product_offering": "port-10g-exchange",
            "port_quantity": 1,
            "subscriber_side_demarcs": ["cage 7"],
        },
    }
    ids = {collection: caller.post(f"/{collection}", body)["id"] for collection, body in bodies.items()}
    bodies["role-assignments"] = {"role": "role-noc", "contact": ids["contacts"]}
    caller.post("/role-assignments", bodies["role-assignments"])
    connection = caller.order_connection(**owners)
    site.reconcile()
    config = caller.order_peering(connection["id"], macs=[ids["macs"]], **owners)
    ip = caller.get(f"/ips?network_service_config={config['id']}")[0]
    bundle = caller.order_connection(mode="lag_lacp", **owners)
    session = caller.order_session(config["id"], ip["id"], **owners)
    bodies["member-joining-rules"] = _settle_groups(site, login, caller, connection["id"])
    site.reconcile()
    bodies["network-service-configs"] = {
        **owners,
        **_part(config, "type", "network_service", "product_offering", "connection", "asns"),
        "macs": [],
        "vlan_config": {"vlan_type": "dot1q", "vlan": None},
    }
    other = next(each for each in LOGINS if each != login)
    bodies["network-services"] = {
        **owners,
        "type": "p2p_vc",
        "product_offering": "circuit-1g",
        "joining_member_account": other,
    }
    caller.post("/network-services", bodies["network-services"])
    bodies["network-feature-configs"] = {
        **owners,
        **_part(session, "type", "network_service_config", "asn", "session_mode", "bgp_session_type", "ip"),
        "network_feature": "rs2",
        "as_set_v4": "AS-EXAMPLE@RIPE",
    }
    bodies["ips"] = {**owners, **_part(ip, "version", "address", "prefix_length"), "fqdn": "as64496.example.net"}
    bodies["port-reservations"] = {"connection": bundle["id"]}
    function = caller.order_router(**owners)
    bodies["routing-functions"] = {**owners, **_part(function, "product_offering", "asn", "capacity")}
    site.reconcile()
    caller.order_leg(function["id"], **owners)
    site.reconcile()
    # The first one is in use, and nobody has the same twice.
    bodies["macs"] = {**owners, "address": f"02:00:5e:10:02:{number:02x}"}
    return bodies


def _settle_groups(site: Site, login: str, caller: Caller, connection: str) -> dict[str, Any]:
    """Joins a group of either type, with a rule on each; returns the body of another rule."""
    for type_ in ("p2mp_vc", "mp2mp_vc"):
        service = groups.group(site, type_, login, public=type_ == "mp2mp_vc", subnet_v4="10.0.0.0/24")
        caller.post(groups.CONFIGS, groups.config(service, connection, type_))
        caller.post(groups.RULES, groups.rule(service, "newcomer", owner=login, capacity_max=1000))
    return groups.rule(service, owner=login, capacity_min=10, capacity_max=1000)


def _part(document: Any, *members: str) -> dict[str, Any]:
    return {name: document[name] for name in members}


def _drop_unavailable(document: Any) -> dict[str, set[str]]:
    """Takes out the operations that do not work; returns their methods by path: they answer 404 rather than 405."""
    hidden: dict[str, set[str]] = defaultdict(set)
    for path, methods in list(document["paths"].items()):
        for method, operation in list(methods.items()):
            if operation.get("x-available") is False:
                hidden[path].add(method)
                del methods[method]
        if not methods:
            del document["paths"][path]
    return hidden


def _tell_parts_apart(document: Any) -> None:
    """Makes two operations of the list of offerings: the whole, and with `fields` the parts of it.

    A parameter that changes the shape of the answer is nothing that OpenAPI could describe. The path of the second
    differs by a slash at its end, of which the server takes no notice.
    """
    whole = document["paths"]["/product-offerings"]["get"]
    part = json.loads(json.dumps(whole))
    whole["parameters"] = [each for each in whole["parameters"] if each["name"] != "fields"]
    part["operationId"] += "_fields"
    schemas = document["components"]["schemas"]
    variants = [each["$ref"].split("/")[-1] for each in schemas["ProductOffering"]["oneOf"]]
    for name in variants:
        schemas[f"{name}Part"] = {**schemas[name], "required": ["type"]}
    schemas["ProductOfferingPart"] = {"anyOf": [{"$ref": f"#/components/schemas/{name}Part"} for name in variants]}
    for status in ("200", "206"):
        answer = part["responses"][status]["content"]["application/json"]["schema"]
        answer["items"] = {"$ref": "#/components/schemas/ProductOfferingPart"}
    document["paths"]["/product-offerings/"] = {"get": part}


def _add_examples(document: Any, bodies: dict[str, Any], ids: dict[str, str]) -> None:
    """Names an object for each path and a body for each order, from which schemathesis departs in all directions."""
    for path, methods in document["paths"].items():
        collection = path.split("/")[1]
        for operation in methods.values():
            for parameter in operation["parameters"]:
                if parameter.get("in") == "path" and collection in ids:
                    parameter["example"] = ids[collection]
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content and path.endswith("/change-request"):
                content["example"] = {"product_offering": "circuit-5g", "capacity": 2000}
            elif content and collection in bodies and "CancellationRequest" not in json.dumps(content):
                content["example"] = bodies[collection]


def _bindings(document: Any, path: str, operation: Any) -> Iterator[tuple[str, str]]:
    """Everywhere the operation takes an id, and of which collection; and where it takes one of our words."""
    if "{id}" in path:
        yield "path.id", path.split("/")[1]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body:
        yield from _members(document["components"]["schemas"], body["schema"], "body")


def _members(schemas: Any, schema: Any, place: str) -> Iterator[tuple[str, str]]:
    if "x-references" in schema:
        yield place, schema["x-references"]
    if place in _WORDED:
        yield place, _WORDED[place]
    if "$ref" in schema:
        yield from _members(schemas, schemas[schema["$ref"].split("/")[-1]], place)
    for part in (*schema.get("allOf", ()), *schema.get("oneOf", ()), *schema.get("anyOf", ())):
        yield from _members(schemas, part, place)
    for name, member in schema.get("properties", {}).items():
        yield from _members(schemas, member, f"{place}.{name}")
    if "items" in schema:
        yield from _members(schemas, schema["items"], f"{place}[*]")
