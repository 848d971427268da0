"""A valid request for every operation that changes something, on objects of the cast or on fresh ones like them."""

from collections.abc import Iterator
from itertools import count
from typing import Any, Final

from peerhall.contract.operations import Operation
from peerhall.exchange.records import Record
from peerhall.exchange.visibility import Caller as Actor
from peerhall.orderdesk.order import Order
from tests.api import cast
from tests.api.cast import INVOICED, MANAGER, OWNERS
from tests.installation import Site
from tests.world import ADDRESS, account

_numbers: Final[Iterator[int]] = count(1)


def add(site: Site, *records: Record) -> None:
    """Writes objects past all rules."""
    with site.connection.transaction():
        Order(site.connection, Actor("cast", None, frozenset()), site.clock()).add(*records)


def fresh(site: Site, group: str) -> str:
    """The id of a new object of this group, which nothing else is done with."""
    number = next(_numbers)
    match group:
        case "accounts":
            add(site, account(f"account-{number}", MANAGER))
            return f"account-{number}"
        case "contacts" | "role-assignments" | "macs" | "ips":
            made = cast.personal(f"-{number}")
            add(site, *made)
            return next(each.id for each in made if each.kind == group)
        case "connections":
            add(site, *cast.connection(f"connection-{number}"))
            return f"connection-{number}"
        case "port-reservations":
            return f"reservation-of-{_bundle(site)}"
        case "member-joining-rules":
            made = cast.group_with_rule(f"group-{number}", f"rule-{number}")
            add(site, *made)
            return f"rule-{number}"
        case "network-service-configs":
            add(site, cast.lan_config(f"config-{number}"))
            return f"config-{number}"
        case "network-feature-configs":
            config, address = _config_with_address(site)
            add(site, cast.session(f"session-{number}", config, address))
            return f"session-{number}"
        case "network-services":
            add(site, cast.service("p2mp_vc", f"tree-{number}"))
            return f"tree-{number}"
        case "routing-functions":
            add(site, cast.routing_function(f"router-{number}"))
            return f"router-{number}"
    raise KeyError(group)


def fresh_circuit(site: Site, *, wished: bool) -> str:
    """The id of a new circuit to the stranger with a config on its side, who may have asked for a change."""
    number = next(_numbers)
    add(site, *cast.circuit(f"circuit-{number}", wished=wished))
    return f"circuit-{number}"


def request_body(site: Site, operation: Operation, subject: str) -> dict[str, Any] | None:
    """A body with which the operation succeeds, on the subject or for a new object; None where it takes none."""
    if operation.id == "network_service_change_request_create":
        return cast.WISH
    if operation.method == "POST":
        return _creation(site, operation.group)
    if operation.method == "DELETE":
        return {} if operation.body else None
    change = _change(subject)
    return change if operation.partial else {**site.stored(subject), **change}


def _change(subject: str) -> dict[str, Any]:
    name = f"changed-{next(_numbers)}"
    return {"fqdn": f"{name}.example.net"} if subject.startswith("address") else {"external_ref": name}


def _creation(site: Site, group: str) -> dict[str, Any]:
    number = next(_numbers)
    match group:
        case "accounts":
            return {"managing_account": MANAGER, "name": f"Account {number}", "address": ADDRESS}
        case "connections":
            return {**INVOICED, "mode": "standalone", "product_offering": "port-10g", "port_quantity": 1}
        case "contacts":
            return {**OWNERS, "name": "Peering", "email": "peering@example.net"}
        case "ips":
            return {**OWNERS, "version": 6, "address": f"2001:db8:f::{number:x}", "prefix_length": 128}
        case "macs":
            return {**OWNERS, "address": f"02:00:5e:00:{number >> 8:02x}:{number & 255:02x}"}
        case "member-joining-rules":
            add(site, account(f"guest-{number}"))
            rule = {"type": "allow", "managing_account": MANAGER, "consuming_account": f"guest-{number}"}
            return {**rule, "network_service": "group", "capacity_min": 100}
        case "network-feature-configs":
            config, address = _config_with_address(site)
            asked = ("type", "network_feature", "asn", "as_set_v4", "session_mode", "bgp_session_type")
            session = {name: cast.session("").body[name] for name in asked}
            return {**INVOICED, **session, "network_service_config": config, "ip": address}
        case "network-service-configs":
            asked = ("type", "network_service", "product_offering", "connection", "asns")
            config = {name: cast.lan_config("").body[name] for name in asked}
            return {**INVOICED, **config, "vlan_config": {"vlan_type": "dot1q"}, "listed": False}
        case "network-services":
            return {**INVOICED, "type": "p2mp_vc", "product_offering": "p2mp_vc-offering"}
        case "port-reservations":
            return {"connection": _bundle(site), "external_ref": "ref-1"}
        case "routing-functions":
            return {**INVOICED, "product_offering": "routing", "asn": 64496}
        case "role-assignments":
            return {"contact": fresh(site, "contacts"), "role": "role-peering"}
    raise KeyError(group)


def _bundle(site: Site) -> str:
    """The id of a connection with two ports, so that one can leave."""
    bundle = f"connection-{next(_numbers)}"
    second = [each.with_body(connection=bundle) for each in cast.connection(f"{bundle}-b")[1:]]
    add(site, *cast.connection(bundle, mode="lag_lacp"), *second)
    return bundle


def _config_with_address(site: Site) -> tuple[str, str]:
    number = next(_numbers)
    config, address = f"config-{number}", f"address-{number}"
    add(
        site,
        cast.lan_address(address, 4, f"192.0.2.{number % 256}", config),
        cast.lan_config(config, ips=[address]),
    )
    return config, address
