"""Groups for tests: services of a type that accounts join by rule, owned by `member` unless said otherwise."""

from itertools import count
from typing import Any

from peerhall.contract.validation import blank
from peerhall.exchange.lifecycle import Phase
from tests.api.orders import add
from tests.installation import Caller, Site
from tests.world import record

RULES, CONFIGS, SERVICES = "/member-joining-rules", "/network-service-configs", "/network-services"

_numbers = count(1)


def offering(site: Site, type_: str, meta: dict[str, Any] | None = None, **members: Any) -> str:
    """A new offering of a group, or with `resource_type` of configs on it."""
    id_ = f"{type_}-offering-{next(_numbers)}"
    body: dict[str, Any] = {
        **blank("ProductOffering", type_),
        "type": type_,
        "name": "Group",
        "display_name": "Group",
        "resource_type": "network_service",
        "service_provider": "Example Exchange",
        "provider_vlans": "single",
        "handover_metro_area": "cork",
        "handover_metro_area_network": "man",
        "service_metro_area": "cork",
        "service_metro_area_network": "man",
        "physical_port_speed": None,
        "bandwidth_min": 10,
        "bandwidth_max": None,
        "downgrade_allowed": True,
        "upgrade_allowed": True,
    }
    add(site, record("product-offerings", id_, meta, **{**body, **members}))
    return id_


def group(site: Site, type_: str = "mp2mp_vc", owner: str = "member", **members: Any) -> str:
    """A new group in production."""
    id_ = f"group-{next(_numbers)}"
    body: dict[str, Any] = {
        **blank("NetworkService", type_),
        "type": type_,
        "state": "production",
        "status": [],
        "decommission_at": None,
        "charged_until": None,
        "current_billing_start_date": None,
        "managing_account": owner,
        "consuming_account": owner,
        "billing_account": owner,
        "display_name": f"Group of {owner}",
        "nsc_required_contact_roles": [],
        "network_features": [],
        "member_joining_rules": [],
    }
    body |= {name: value for name, value in members.items() if type_ == "mp2mp_vc" or not name.startswith("subnet")}
    body["product_offering"] = members.get("product_offering") or offering(site, type_)
    add(site, record("network-services", id_, {"phase": Phase.LIVE.value}, **body))
    return id_


def rule(service: str, account: str = "rival", type_: str = "allow", owner: str = "member", **members: Any) -> Any:
    """The body of a new rule."""
    return {
        "type": type_,
        "network_service": service,
        "managing_account": owner,
        "consuming_account": account,
        **members,
    }


def config(service: str, connection: str, type_: str = "mp2mp_vc", **members: Any) -> dict[str, Any]:
    """The body of a new config on a group."""
    return {
        "type": type_,
        "network_service": service,
        "connection": connection,
        "vlan_config": {"vlan_type": "dot1q", "vlan": None},
        **members,
    }


def connect(site: Site, caller: Caller, **members: Any) -> str:
    """A connection in production."""
    id_ = str(caller.order_connection(**members)["id"])
    site.reconcile()
    return id_


def see(caller: Caller, config: Any) -> Any:
    return caller.get(f"{CONFIGS}/{config['id']}")


def tags(config: Any) -> set[str]:
    return {entry["tag"] for entry in config["status"]} - {"vlan_selected"}
