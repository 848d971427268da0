"""What people have ordered before a run begins, in some runs: one of everything, most of it in production."""

from typing import Any, Protocol

from tests.lifecycle.exchange import PLAYERS


class Place(Protocol):
    """Places an order and returns the object it has made."""

    def __call__(self, who: str, operation: str, body: dict[str, Any]) -> dict[str, Any]: ...


def settle_in(place: Place) -> None:
    """Everybody peers, with a session; pairs have circuits; there are groups, a cloud, and a router."""
    lines = {who: _connect(place, who) for who in PLAYERS}
    for number, who in enumerate(PLAYERS):
        mac = place(who, "macs_create", {"address": f"02:00:5e:10:01:{number:02x}"})
        body = _config("exchange_lan", "lan", lines[who], macs=[mac["id"]])
        config = place(who, "network_service_configs_create", {**body, "product_offering": "peering", "asns": [64496]})
        session = {
            "type": "route_server",
            "network_feature": "rs1",
            "network_service_config": config["id"],
            "asn": 64496,
            "as_set_v4": "AS-EXAMPLE@RIPE",
            "session_mode": "public",
            "bgp_session_type": "passive",
            "ip": config["ips"][0],
        }
        place(who, "network_feature_configs_create", session)
    for ours, theirs, offering in (("member", "rival", "circuit-1g"), ("reseller", "member", "fixed-circuit")):
        circuit = {"type": "p2p_vc", "product_offering": offering, "joining_member_account": theirs}
        service = place(ours, "network_services_create", circuit)["id"]
        for who in (ours, theirs):
            place(who, "network_service_configs_create", _config("p2p_vc", service, lines[who]))
    for type_, offering in (("p2mp_vc", "rooted"), ("mp2mp_vc", "closed-group")):
        group = {"type": type_, "product_offering": offering, "public": type_ == "p2mp_vc"}
        service = place("rival", "network_services_create", group)["id"]
        limits = {"type": "allow", "network_service": service, "managing_account": "rival", "capacity_max": 1000}
        place("rival", "member_joining_rules_create", {**limits, "consuming_account": "customer"})
        for who in ("rival", "customer"):
            place(who, "network_service_configs_create", _config(type_, service, lines[who]))
    cloud = {"type": "cloud_vc", "product_offering": "nimbus", "cloud_key": "123456789012", "capacity": 500}
    service = place("member", "network_services_create", cloud)["id"]
    place("member", "network_service_configs_create", _config("cloud_vc", service, lines["member"], handover=1))
    function = place("reseller", "routing_functions_create", {"product_offering": "routing", "asn": 64497})
    leg = {
        "type": "exchange_lan",
        "network_service": "lan",
        "product_offering": "peering",
        "routing_function": function["id"],
        "l3_config": {},
        "asns": [64497],
    }
    place("reseller", "network_service_configs_create", leg)


def _connect(place: Place, who: str) -> str:
    body = {"mode": "lag_lacp", "product_offering": "port-10g", "port_quantity": 2}
    return str(place(who, "connections_create", body)["id"])


def _config(type_: str, service: str, line: str, **members: Any) -> dict[str, Any]:
    vlan_config = {"vlan_type": "dot1q", "vlan": None}
    return {
        "type": type_,
        "network_service": service,
        "connection": line,
        "vlan_config": vlan_config,
        "capacity": 500,
        **members,
    }
