"""The words of a task: what a person at the exchange is asked to do."""

from typing import Any, Final

from peerhall.provisioning.driver import Step

_NOUNS: Final = {
    "port": "port",
    "router": "router",
    "attachment": "attachment",
    "session": "BGP session",
    "circuit": "circuit",
}

_NAMES: Final = ("port", "connection", "neighbor", "router", "circuit")
"""The first of these that a step has says which one of its kind it is."""

_LABELS: Final = {
    "circuit": "Circuit",
    "cloud_key": "Cloud key",
    "workflow": "Workflow",
    "region": "Region of the provider",
    "pop": "PoP of the provider",
    "delivery_method": "Delivery",
    "handovers": "Handovers",
    "handover": "Handover",
    "provider_vlan": "VLAN of the provider",
    "vlan": "VLAN of the provider",
    "peering_type": "Peering type",
    "port": "Port",
    "speed_mbps": "Speed (Mbit/s)",
    "media_type": "Medium",
    "connection": "Connection",
    "mode": "Mode",
    "lacp_timeout": "LACP timeout",
    "ports": "Ports",
    "service": "Network service",
    "vlan_config": "VLAN",
    "macs": "MAC addresses",
    "capacity_mbps": "Capacity (Mbit/s)",
    "addresses": "IP addresses",
    "router": "Router",
    "local_asn": "Own ASN",
    "local_address": "Own address",
    "local_address_primary": "Own address, primary",
    "local_address_secondary": "Own address, secondary",
    "bgp_neighbor_asn": "Neighbor's ASN",
    "bgp_neighbor_address": "Neighbor",
    "bgp_neighbor_address_primary": "Neighbor, primary",
    "bgp_neighbor_address_secondary": "Neighbor, secondary",
    "bgp_address_family": "Address family",
    "bgp_password": "BGP password",
    "bfd": "BFD",
    "neighbor": "Neighbor",
    "asn": "ASN",
    "as_set": "AS-SET",
    "max_prefix": "Maximum prefixes",
    "password": "Password",
    "session_mode": "Mode",
    "passive": "Passive",
    "insert_ixp_asn": "Insert the route server's ASN",
    "flags": "Flags",
}


def write_title(step: Step) -> str:
    """One line: verb, thing, device."""
    noun = _NOUNS[step.key.partition("/")[0]]
    what = next(step.config[name] for name in _NAMES if name in step.config)
    match step.action:
        case "put":
            verb = "Configure" if step.before is None else "Change"
        case "remove":
            verb = "Remove"
        case "test":
            verb = "Test"
    return f"{verb} {noun} {what} on {step.device.name}"


def write_instructions(step: Step) -> str:
    """What is to be there afterwards, line by line; of a change, what is different."""
    lines = [f"{write_title(step)}."]
    for name, value in step.config.items():
        before = None if step.before is None else step.before.get(name)
        changed = step.action == "put" and step.before is not None and before != value
        line = f"  {_LABELS.get(name, name)}: {_write(name, value)}"
        lines.append(line + (f"   (was: {_write(name, before)})" if changed else ""))
    if step.action == "test":
        lines.append("Check reachability, and that nothing but the traffic of one router comes in (ARP, ND, no STP).")
    lines.append("Then close this task as done; if it cannot be done, as failed, with a word on why.")
    return "\n".join(lines)


def _write(name: str, value: Any) -> str:
    if name == "vlan_config" and value:
        return _write_vlan(value)
    if name == "password" and value:
        return "(see the network feature config)"
    if name == "bgp_password" and value:
        return "(see the network service config)"
    if value is None or value == []:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(
            f"{each['name']} {'on' if each['enabled'] else 'off'}" if isinstance(each, dict) else str(each)
            for each in value
        )
    return str(value)


def _write_vlan(vlan_config: dict[str, Any]) -> str:
    match vlan_config["vlan_type"]:
        case "dot1q":
            return f"{vlan_config['vlan']} (802.1Q, {vlan_config['vlan_ethertype']})"
        case "qinq":
            return (
                f"{vlan_config['outer_vlan']}.{vlan_config['inner_vlan']} "
                f"(QinQ, {vlan_config['outer_vlan_ethertype']} outside)"
            )
        case _:
            return "untagged"
