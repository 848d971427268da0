"""Every kind of order there is: what has to be there first, and what is then asked for, step by step.

An entry is a pair of functions. The first is never disturbed; what it returns goes to the second, whose every step is.
Another kind is another entry in KINDS.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import to_json

from peerhall.exchange.ordering.cloud_keys import CustomersCircuit
from peerhall.provisioning.driver import RefusedFault
from peerhall.store.database import sql
from tests.faults.stage import Run
from tests.world import ADDRESS

CONFIGS, SERVICES, CONNECTIONS = "/network-service-configs", "/network-services", "/connections"
SESSIONS, ROUTERS, RULES = "/network-feature-configs", "/routing-functions", "/member-joining-rules"
OTHER_MAC = "02:00:5e:10:00:02"
TERMS: Final = {
    "contract_initial_period": "P1M",
    "contract_initial_notice_period": "P10D",
    "contract_renewal_period": "P1M",
    "contract_renewal_notice_period": "P10D",
}
NEIGHBOR: Final = {"bgp_neighbor_address": "192.0.2.7", "bgp_neighbor_asn": 64500}
LETTER: Final = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"

Paths = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of order; see the module."""

    order: Callable[[Run, Paths], None]
    prepare: Callable[[Run], Paths] = lambda run: {}
    by_hand: bool = False
    """Whether people carry it out, by tasks."""


# What is there beforehand.


def connection(run: Run, account: str = "member", **members: Any) -> str:
    """The path of a connection in production."""
    made = run.login(account).order_connection(**members)
    run.rest()
    return f"{CONNECTIONS}/{made['id']}"


def a_connection(run: Run) -> Paths:
    return {"connection": connection(run)}


def two_connections(run: Run) -> Paths:
    return {"connection": connection(run), "other": connection(run)}


def connections_of_two(run: Run) -> Paths:
    return {"here": connection(run), "there": connection(run, "rival")}


def a_bundle(run: Run) -> Paths:
    return {"connection": connection(run, mode="lag_lacp", port_quantity=2)}


def letters_wanted(run: Run) -> Paths:
    merge(run, "document", "meta", "id = 'port-10g-exchange'", {"loa_required": True})
    return {}


def a_config(run: Run) -> Paths:
    member, on = run.login("member"), connection(run)
    mac = member.order_mac()["id"]
    config = member.order_peering(id_of(on), macs=[mac], vlan_config={"vlan_type": "dot1q", "vlan": 5})
    run.rest()
    return {"connection": on, "config": f"{CONFIGS}/{config['id']}", "ip": config["ips"][0], "mac": mac}


def a_config_and_another_connection(run: Run) -> Paths:
    return {**a_config(run), "other": connection(run)}


def a_session(run: Run) -> Paths:
    found = a_config(run)
    session = run.login("member").order_session(id_of(found["config"]), found["ip"])
    run.rest()
    return {**found, "session": f"{SESSIONS}/{session['id']}"}


def a_session_under_terms(run: Run) -> Paths:
    merge(run, "document", "body", "id in ('port-10g', 'peering', 'routing')", TERMS)
    merge(run, "setting", "value", "name = 'exchange'", {"disconnection_days": 3})
    return a_session(run)


def a_circuit(run: Run) -> Paths:
    found = dict(connections_of_two(run))
    found |= order_circuit(run, found)
    run.rest()
    return found


def a_group(run: Run) -> Paths:
    found = dict(connections_of_two(run))
    found |= order_group(run, found)
    run.rest()
    return found


def a_cloud(run: Run) -> Paths:
    on = connection(run)
    found = {"connection": on, **order_cloud(run, on, handovers=2)}
    run.rest()
    return found


def half_of_a_cloud(run: Run) -> Paths:
    """A cloud whose circuit is on its way at the provider, if not there."""
    on = connection(run)
    found = order_cloud(run, on)
    begun = "select from document where kind = 'network-services' and meta #>> '{provider,present}' = 'true'"
    while run.connection.execute(begun).fetchone() is None:
        assert run.worker.work_once()
    return {"connection": on, **found}


def a_router(run: Run) -> Paths:
    function = run.login("member").order_router()
    run.rest()
    return {"router": f"{ROUTERS}/{function['id']}"}


def a_router_with_a_leg(run: Run) -> Paths:
    found = a_router(run)
    leg = run.login("member").order_leg(id_of(found["router"]), l3_config=NEIGHBOR)
    run.rest()
    return {**found, "leg": f"{CONFIGS}/{leg['id']}"}


def a_config_and_a_router(run: Run) -> Paths:
    return {**a_config(run), **a_router(run)}


def asns_are_verified(run: Run) -> Paths:
    merge(run, "setting", "value", "name = 'exchange'", {"accept_all_asns": False})
    return a_connection(run)


def half_of_it(run: Run) -> Paths:
    """A config and its connection, after the first few pieces of work about them."""
    member = run.login("member")
    on = member.order_connection()["id"]
    config = member.order_peering(on, macs=[member.order_mac()["id"]])
    begun = "select from document where meta #>> '{network,present}' = 'true'"
    while run.connection.execute(begun).fetchone() is None:
        assert run.worker.work_once()
    return {"connection": f"{CONNECTIONS}/{on}", "config": f"{CONFIGS}/{config['id']}"}


def an_account_with_all_it_needs(run: Run) -> Paths:
    reseller = run.login("reseller")
    account = reseller.post("/accounts", {"name": "Sub", "address": ADDRESS})["id"]
    owners = {"managing_account": account, "consuming_account": account}
    contact = reseller.post("/contacts", {**owners, "name": "Legal", "email": "legal@example.net"})
    legal = reseller.post("/role-assignments", {"contact": contact["id"], "role": "role-legal"})["id"]
    mac = reseller.order_mac(**owners)["id"]
    on = connection(run, "reseller", role_assignments=[legal])
    config = reseller.order_peering(id_of(on), macs=[mac])
    run.rest()
    return {"account": f"/accounts/{account}", "connection": on, "config": f"{CONFIGS}/{config['id']}"}


# What is asked for.


def order_connection(run: Run, _: Paths) -> None:
    member = run.login("member")
    made = member.order_connection()
    run.rest()
    member.expect("production", f"{CONNECTIONS}/{made['id']}")


def order_bundle(run: Run, _: Paths) -> None:
    member = run.login("member")
    made = member.order_connection(mode="lag_lacp", port_quantity=3)
    run.rest()
    member.expect("production", f"{CONNECTIONS}/{made['id']}")


def order_with_letter(run: Run, _: Paths) -> None:
    member = run.login("member")
    asked = {"product_offering": "port-10g-exchange", "subscriber_side_demarcs": ["A.1", "A.2"]}
    made = member.order_connection(mode="lag_lacp", port_quantity=2, **asked)
    run.rest()
    path = f"{CONNECTIONS}/{made['id']}"
    member.expect("requested", path)
    first, _ = made["port_reservations"]
    member.post(f"/port-reservations/{first}/loa", None, 200, content=LETTER)
    run.rest()
    member.post(f"{path}/loa", None, 200, content=LETTER)
    run.rest()
    member.expect("production", path, *(f"/port-reservations/{each}" for each in made["port_reservations"]))


def grow_and_shrink(run: Run, there: Paths) -> None:
    member, path = run.login("member"), there["connection"]
    added = member.post("/port-reservations", {"connection": id_of(path)})
    run.rest()
    member.expect("production", f"/port-reservations/{added['id']}", path)
    first = member.get(path)["port_reservations"][0]
    member.delete(f"/port-reservations/{first}")
    run.rest()
    member.expect("decommissioned", f"/port-reservations/{first}")
    member.expect("production", path)


def change_connection(run: Run, there: Paths) -> None:
    member, path = run.login("member"), there["connection"]
    member.patch(path, {"lacp_timeout": "fast", "external_ref": "ours"})
    run.rest()
    member.expect("production", path)


def peering_by(vlan_config: Mapping[str, Any]) -> Callable[[Run, Paths], None]:
    def order(run: Run, there: Paths) -> None:
        member = run.login("member")
        mac = member.order_mac()["id"]
        made = member.order_peering(id_of(there["connection"]), macs=[mac], vlan_config=vlan_config)
        run.rest()
        member.expect("production", f"{CONFIGS}/{made['id']}")

    return order


def order_all_at_once(run: Run, _: Paths) -> None:
    """As Terraform does: nothing is waited for."""
    member = run.login("member")
    on = member.order_connection()["id"]
    config = member.order_peering(on, macs=[member.order_mac()["id"]])
    session = member.order_session(config["id"], config["ips"][0])
    run.rest()
    member.expect("production", f"{CONNECTIONS}/{on}", f"{CONFIGS}/{config['id']}", f"{SESSIONS}/{session['id']}")


def cancel_both(run: Run, there: Paths) -> None:
    """Before it is in production, but with a part of it on its way into the network."""
    member = run.login("member")
    for name in ("config", "connection"):
        member.delete(there[name])
    run.rest()
    member.expect("cancelled", there["config"], there["connection"])


def change(name: str, state: str = "production", **members: Any) -> Callable[[Run, Paths], None]:
    """A change of what is there under this name; members may refer to others by `{name}`."""

    def order(run: Run, there: Paths) -> None:
        member = run.login("member")
        ids = {each: id_of(path) for each, path in there.items()}
        wanted = {each: value.format(**ids) if isinstance(value, str) else value for each, value in members.items()}
        member.request("PATCH", there[name], json=wanted)
        run.rest()
        member.expect(state, there[name])

    return order


def change_macs(run: Run, there: Paths) -> None:
    member = run.login("member")
    member.patch(there["config"], {"macs": [member.order_mac(OTHER_MAC)["id"]]})
    run.rest()
    member.delete(f"/macs/{there['mac']}", 200)
    member.expect("production", there["config"])


def let_mac_expire(run: Run, there: Paths) -> None:
    member = run.login("member")
    later = f"{run.clock.now.date().isoformat()}T23:00:00Z"
    limited = member.order_mac(OTHER_MAC, valid_not_after=later)["id"]
    member.patch(there["config"], {"macs": [there["mac"], limited]})
    run.rest()
    run.turn(hours=12)
    assert member.get(there["config"])["macs"] == [there["mac"]]
    member.delete(f"/macs/{limited}", 200)


def order_session(run: Run, there: Paths) -> None:
    member = run.login("member")
    session = member.order_session(id_of(there["config"]), there["ip"])
    run.rest()
    member.expect("production", f"{SESSIONS}/{session['id']}")


def order_circuit(run: Run, there: Paths) -> Paths:
    a, b = run.login("member"), run.login("rival")
    service = a.post(SERVICES, {"type": "p2p_vc", "product_offering": "circuit-1g", "joining_member_account": "rival"})
    sides = [
        each.post(CONFIGS, attached("p2p_vc", service, there[on]))["id"] for each, on in ((a, "here"), (b, "there"))
    ]
    return {"service": f"{SERVICES}/{service['id']}", "a": f"{CONFIGS}/{sides[0]}", "b": f"{CONFIGS}/{sides[1]}"}


def order_whole_circuit(run: Run, there: Paths) -> None:
    made = order_circuit(run, there)
    run.rest()
    run.login("member").expect("production", *made.values())


def ask_for_more(run: Run, there: Paths) -> None:
    a, b, service = run.login("member"), run.login("rival"), there["service"]
    b.post(f"{service}/change-request", {"product_offering": "circuit-5g", "capacity": 4000}, 202)
    run.rest()
    a.patch(service, {"type": "p2p_vc", "product_offering": "circuit-5g"})
    a.patch(there["a"], {"type": "p2p_vc", "capacity": 4000})
    run.rest()
    a.expect("production", service, there["a"], there["b"])


def ask_in_vain(run: Run, there: Paths) -> None:
    a, b, service = run.login("member"), run.login("rival"), there["service"]
    b.post(f"{service}/change-request", {"product_offering": "circuit-5g", "capacity": 200}, 202)
    run.rest()
    a.delete(f"{service}/change-request")
    run.rest()
    a.expect("production", service)


def end_service(run: Run, there: Paths) -> None:
    member = run.login("member")
    member.delete(there["service"])
    run.rest()
    member.expect("decommissioned", there["service"])


def order_tree(run: Run, there: Paths) -> None:
    member, rival = run.login("member"), run.login("rival")
    service = member.post(SERVICES, {"type": "p2mp_vc", "product_offering": "rooted"})
    member.post(RULES, joining(service))
    leaf = rival.post(CONFIGS, attached("p2mp_vc", service, there["there"]))
    run.rest()
    root = member.post(CONFIGS, attached("p2mp_vc", service, there["here"], role="root"))
    run.rest()
    member.expect("production", *(f"{CONFIGS}/{each['id']}" for each in (leaf, root)))


def order_group(run: Run, there: Paths) -> Paths:
    member, rival = run.login("member"), run.login("rival")
    service = member.post(
        SERVICES, {"type": "mp2mp_vc", "product_offering": "closed-group", "subnet_v4": "10.0.0.0/24"}
    )
    rule = member.post(RULES, joining(service, capacity_max=500))
    own = member.post(CONFIGS, attached("mp2mp_vc", service, there["here"]))
    mac = rival.order_mac(OTHER_MAC)
    joined = rival.post(CONFIGS, attached("mp2mp_vc", service, there["there"], macs=[mac["id"]], capacity=1000))
    return {
        "service": f"{SERVICES}/{service['id']}",
        "rule": f"{RULES}/{rule['id']}",
        "own": f"{CONFIGS}/{own['id']}",
        "joined": f"{CONFIGS}/{joined['id']}",
    }


def order_whole_group(run: Run, there: Paths) -> None:
    made = order_group(run, there)
    run.rest()
    run.login("member").expect("production", made["service"], made["own"], made["joined"])


def change_rules(run: Run, there: Paths) -> None:
    member, rival = run.login("member"), run.login("rival")
    member.patch(there["rule"], {"type": "allow", "capacity_max": 800}, 200)
    rival.patch(there["joined"], {"capacity": 700})
    run.rest()
    member.delete(there["rule"], 200)
    run.rest()
    member.patch(there["service"], {"public": True})
    run.rest()
    member.expect("production", there["joined"], there["service"])


def order_cloud(run: Run, on: str, handovers: int = 1, **members: Any) -> Paths:
    """One whose circuit the exchange builds, with its handovers."""
    member = run.login("member")
    asked = {"type": "cloud_vc", "product_offering": "nimbus", "cloud_key": "123456789012", "capacity": 500}
    service = member.post(SERVICES, {**asked, **members})
    numbers = range(1, handovers + 1)
    configs = [member.post(CONFIGS, attached("cloud_vc", service, on, handover=number))["id"] for number in numbers]
    named = {f"handover-{number}": f"{CONFIGS}/{each}" for number, each in zip(numbers, configs, strict=True)}
    return {"service": f"{SERVICES}/{service['id']}", **named}


def order_whole_cloud(run: Run, there: Paths) -> None:
    made = order_cloud(run, there["connection"], handovers=2)
    run.rest()
    run.login("member").expect("production", *made.values())


def order_refused_cloud(run: Run, there: Paths) -> None:
    """The provider turns down the circuit, and later a handover; the operator has another try each time."""
    run.clouds["aws"].fail_next(RefusedFault("there is no capacity"), RefusedFault("that handover is being mended"))
    order_whole_cloud(run, there)


def bring_circuit(run: Run, there: Paths) -> None:
    """The member has ordered it at the provider, and brings the key."""
    key = run.clouds["azure"].sell(CustomersCircuit("north-1", bandwidth=500))
    member = run.login("member")
    order = {"type": "cloud_vc", "product_offering": "stratus", "cloud_key": key, "capacity": 500}
    service = member.post(SERVICES, order)
    handovers = [
        member.post(CONFIGS, attached("cloud_vc", service, there["connection"], handover=number, cloud_config=each))
        for number, each in (
            (1, {"vlan": 101, "peering_type": "private"}),
            (2, {"vlan": 101, "peering_type": "private"}),
            (1, {"vlan": 102, "peering_type": "microsoft"}),
        )
    ]
    run.rest()
    member.expect("production", f"{SERVICES}/{service['id']}", *(f"{CONFIGS}/{each['id']}" for each in handovers))


def widen_cloud(run: Run, there: Paths) -> None:
    member = run.login("member")
    member.patch(there["service"], {"type": "cloud_vc", "capacity": 1000})
    member.patch(there["handover-1"], {"type": "cloud_vc", "cloud_config": {"local_asn": 64496}})
    run.rest()
    member.expect("production", there["service"], there["handover-1"], there["handover-2"])


def cancel_cloud(run: Run, there: Paths) -> None:
    """While it is built; its handovers go with it."""
    member = run.login("member")
    member.delete(there["service"])
    run.rest()
    member.expect("cancelled", there["service"], there["handover-1"])


def order_router_on_cloud(run: Run, _: Paths) -> None:
    member = run.login("member")
    function = member.order_router(capacity=1000)
    cloud = {"type": "cloud_vc", "product_offering": "nimbus", "cloud_key": "123456789012", "capacity": 1000}
    service = member.post(SERVICES, cloud)
    l3_config = {"local_address": "198.51.100.1/30", "bgp_neighbor_address": "198.51.100.2", "bgp_neighbor_asn": 64512}
    body = {"type": "cloud_vc", "network_service": service["id"], "routing_function": function["id"], "handover": 1}
    leg = member.post(CONFIGS, {**body, "l3_config": l3_config})
    run.rest()
    paths = f"{SERVICES}/{service['id']}", f"{CONFIGS}/{leg['id']}", f"{ROUTERS}/{function['id']}"
    member.expect("production", *paths)


def order_router_with_leg(run: Run, _: Paths) -> None:
    member = run.login("member")
    function = member.order_router(capacity=10000)
    leg = member.order_leg(function["id"], l3_config=NEIGHBOR)
    session = member.order_session(leg["id"], leg["ips"][0])
    run.rest()
    paths = f"{ROUTERS}/{function['id']}", f"{CONFIGS}/{leg['id']}", f"{SESSIONS}/{session['id']}"
    member.expect("production", *paths)


def order_leg_on_circuit(run: Run, there: Paths) -> None:
    member, rival = run.login("member"), run.login("rival")
    function = member.order_router()
    service = member.post(
        SERVICES, {"type": "p2p_vc", "product_offering": "circuit-1g", "joining_member_account": "rival"}
    )
    l3_config = {
        "local_address": "198.51.100.1/30",
        "bgp_neighbor_address": "198.51.100.2",
        "bgp_neighbor_asn": 64497,
    }
    body = {"type": "p2p_vc", "network_service": service["id"], "routing_function": function["id"]}
    leg = member.post(CONFIGS, {**body, "l3_config": l3_config})
    far = rival.post(CONFIGS, attached("p2p_vc", service, there["there"]))
    run.rest()
    member.expect("production", f"{CONFIGS}/{leg['id']}", f"{CONFIGS}/{far['id']}", f"{SERVICES}/{service['id']}")


def end_router_before_leg(run: Run, there: Paths) -> None:
    member = run.login("member")
    member.delete(there["router"])
    run.rest()
    member.expect("decommission_requested", there["router"])
    member.delete(there["leg"])
    run.rest()
    member.expect("decommissioned", there["router"], there["leg"])


def end_and_put_away(run: Run, there: Paths) -> None:
    """With the sessions that go along; the second DELETE puts away."""
    member = run.login("member")
    member.delete(there["config"])
    run.rest()
    member.expect("decommissioned", there["config"], there["session"])
    member.delete(there["config"])
    member.delete(there["connection"])
    run.rest()
    member.delete(there["connection"])
    run.rest()
    member.expect("archived", there["config"], there["connection"])


def order_and_end(run: Run, there: Paths) -> None:
    member = run.login("member")
    made = member.order_peering(id_of(there["connection"]), macs=[member.order_mac()["id"]])
    run.rest()
    path = f"{CONFIGS}/{made['id']}"
    member.expect("production", path)
    member.delete(path)
    run.rest()
    member.expect("decommissioned", path)


def end_under_terms(run: Run, there: Paths) -> None:
    member = run.login("member")
    member.delete(there["config"])
    ended = member.get(there["config"])
    assert ended["charged_until"] > ended["decommission_at"] > str(run.clock.now.date())
    run.rest()
    member.expect("decommission_requested", there["config"], there["session"])
    run.turn(days=4)
    member.expect("decommissioned", there["config"], there["session"])


def end_and_think_again(run: Run, there: Paths) -> None:
    member = run.login("member")
    for name in ("config", "connection"):
        member.delete(there[name], json={"decommission_at": "2026-10-01"})
    run.rest()
    member.expect("decommission_requested", there["session"])
    for name in ("config", "connection"):
        member.post(f"/undo{there[name]}", None, 200)
    run.turn(days=60)
    member.expect("production", there["connection"], there["config"], there["session"])


def close_account(run: Run, there: Paths) -> None:
    reseller = run.login("reseller")
    for name in ("config", "connection"):
        reseller.delete(there[name])
    run.rest()
    reseller.delete(there["account"], 200)
    run.rest()
    reseller.expect("decommissioned", there["account"])


def open_account(run: Run, _: Paths) -> None:
    newcomer = run.login("newcomer")
    contact = newcomer.post("/contacts", {"name": "Counsel", "email": "legal@example.net"})
    newcomer.post("/role-assignments", {"contact": contact["id"], "role": "role-legal"})
    newcomer.expect("production", "/accounts/newcomer")


# How they are told.


def id_of(path: str) -> str:
    return path.rpartition("/")[2]


def attached(type_: str, service: Any, on: str, **members: Any) -> dict[str, Any]:
    """The body of a config on a private service."""
    place = {"connection": id_of(on), "vlan_config": {"vlan_type": "dot1q", "vlan": None}}
    return {"type": type_, "network_service": service["id"], **place, **members}


def joining(service: Any, **members: Any) -> dict[str, Any]:
    """The body of a rule that lets `rival` in."""
    accounts = {"managing_account": "member", "consuming_account": "rival"}
    return {"type": "allow", "network_service": service["id"], **accounts, **members}


def merge(run: Run, table: str, column: str, where: str, members: Any) -> None:
    run.connection.execute(
        sql(f"update {table} set {column} = {column} || %s::jsonb where {where}"), (to_json(members).decode(),)
    )


PORT: Final = {"vlan_type": "port"}
DOT1Q: Final = {"vlan_type": "dot1q", "vlan": None}
QINQ: Final = {"vlan_type": "qinq", "outer_vlan": None, "inner_vlan": 9}

KINDS: Final[Mapping[str, Kind]] = {
    "connection": Kind(order_connection),
    "connection-bundle": Kind(order_bundle),
    "connection-with-letter": Kind(order_with_letter, letters_wanted),
    "connection-changed": Kind(change_connection, a_bundle),
    "port-added-and-removed": Kind(grow_and_shrink, a_bundle),
    "peering-whole-port": Kind(peering_by(PORT), a_connection),
    "peering-dot1q": Kind(peering_by(DOT1Q), a_connection),
    "peering-qinq": Kind(peering_by(QINQ), a_connection),
    "peering-for-a-moment": Kind(order_and_end, a_connection),
    "peering-for-a-moment-by-hand": Kind(order_and_end, a_connection, by_hand=True),
    "peering-to-another-tag": Kind(change("config", vlan_config={"vlan_type": "dot1q", "vlan": 7}), a_config),
    "peering-to-another-connection": Kind(change("config", connection="{other}"), a_config_and_another_connection),
    "peering-with-another-mac": Kind(change_macs, a_config),
    "peering-with-a-mac-that-expires": Kind(let_mac_expire, a_config),
    "peering-with-an-asn-to-verify": Kind(peering_by(DOT1Q), asns_are_verified, by_hand=True),
    "session": Kind(order_session, a_config),
    "session-changed": Kind(change("session", as_set_v4="AS-OTHER@RIPE", bgp_session_type="active"), a_session),
    "all-at-once": Kind(order_all_at_once),
    "all-at-once-by-hand": Kind(order_all_at_once, by_hand=True),
    "circuit": Kind(order_whole_circuit, connections_of_two),
    "circuit-change-granted": Kind(ask_for_more, a_circuit),
    "circuit-change-rejected": Kind(ask_in_vain, a_circuit),
    "circuit-ended": Kind(end_service, a_circuit),
    "tree": Kind(order_tree, connections_of_two),
    "group": Kind(order_whole_group, connections_of_two),
    "group-rules-changed": Kind(change_rules, a_group),
    "group-ended": Kind(end_service, a_group),
    "cloud": Kind(order_whole_cloud, a_connection),
    "cloud-by-hand": Kind(order_whole_cloud, a_connection, by_hand=True),
    "cloud-with-a-key-brought-along": Kind(bring_circuit, a_connection),
    "cloud-refused-at-first": Kind(order_refused_cloud, a_connection),
    "cloud-changed": Kind(widen_cloud, a_cloud),
    "cloud-cancelled-half-way": Kind(cancel_cloud, half_of_a_cloud),
    "cloud-cancelled-half-way-by-hand": Kind(cancel_cloud, half_of_a_cloud, by_hand=True),
    "cloud-ended": Kind(end_service, a_cloud),
    "router-with-a-leg": Kind(order_router_with_leg),
    "router-on-a-cloud": Kind(order_router_on_cloud),
    "router-with-a-leg-on-a-circuit": Kind(order_leg_on_circuit, connections_of_two),
    "router-changed": Kind(change("router", asn=64497, capacity=2000), a_router_with_a_leg),
    "router-ended": Kind(end_router_before_leg, a_router_with_a_leg),
    "peering-to-a-router": Kind(
        change("config", connection=None, routing_function="{router}", macs=[], l3_config=NEIGHBOR),
        a_config_and_a_router,
    ),
    "cancelled-half-way": Kind(cancel_both, half_of_it),
    "cancelled-half-way-by-hand": Kind(cancel_both, half_of_it, by_hand=True),
    "ended-and-put-away": Kind(end_and_put_away, a_session),
    "ended-and-put-away-by-hand": Kind(end_and_put_away, a_session, by_hand=True),
    "ended-under-terms": Kind(end_under_terms, a_session_under_terms),
    "ended-and-thought-again": Kind(end_and_think_again, a_session),
    "account-opened": Kind(open_account),
    "account-closed": Kind(close_account, an_account_with_all_it_needs),
}
