"""How a config attaches: to a connection with its tags, or to a routing function, within what an offering allows."""

from collections.abc import Collection, Sequence

from peerhall.exchange.allocation import choose_tag
from peerhall.exchange.lifecycle import LIVE_STATES, USABLE_STATES
from peerhall.exchange.records import Body, Record
from peerhall.exchange.refusals import Faults


def check_attachment(faults: Faults, body: Body) -> None:
    """Whether it attaches to exactly one thing, and says how."""
    connection, function = body.get("connection"), body.get("routing_function")
    if (connection is None) == (function is None):
        reason = "name exactly one of connection and routing_function"
        faults.add("connection", reason)
        faults.add("routing_function", reason)
    elif connection is not None and body.get("vlan_config") is None:
        faults.add("vlan_config", "is required with a connection")
    elif function is not None:
        _check_leg(faults, body)


def _check_leg(faults: Faults, body: Body) -> None:
    """What goes with a routing function, and what only goes with a connection."""
    if body.get("l3_config") is None:
        faults.add("l3_config", "is required with a routing function")
    if body.get("vlan_config") is not None:
        faults.add("vlan_config", "only goes with a connection")
    if body.get("macs"):
        faults.add("macs", "only go with a connection; a routing function has the exchange's own")


def check_connection(faults: Faults, connection: Record | None, *, in_use: bool = False) -> None:
    """Whether the connection is there for the caller, and not on its way out; what is `in_use` cannot wait for it."""
    if connection is None:
        faults.add("connection", "there is no such connection")
    elif connection.state not in LIVE_STATES:
        faults.add("connection", f"is {connection.state} and takes no new configs")
    elif in_use and connection.state not in USABLE_STATES:
        faults.add("connection", f"is {connection.state}; what is in use can move there once that is in production")


def check_vlan_config(faults: Faults, vlan_config: Body, connection: Body) -> None:
    """Whether the connection can tell traffic apart like this."""
    kind = vlan_config["vlan_type"]
    if kind not in connection["vlan_types"]:
        faults.add("vlan_config.vlan_type", f"the connection knows {', '.join(connection['vlan_types'])}")
    for member in ("vlan_ethertype", "outer_vlan_ethertype"):
        ethertype = vlan_config.get(member)
        if ethertype is not None and ethertype not in connection["outer_vlan_ethertypes"]:
            known = ", ".join(connection["outer_vlan_ethertypes"])
            faults.add(f"vlan_config.{member}", f"the connection knows {known}")


def tag_member(vlan_config: Body) -> str | None:
    """The member that holds the tag the exchange can pick; None where there is none."""
    return {"dot1q": "vlan", "qinq": "outer_vlan"}.get(vlan_config["vlan_type"])


def fill_in_tag(
    vlan_config: Body, held: Sequence[tuple[range, range]], cooling: Collection[int]
) -> tuple[Body | None, bool]:
    """The config with a tag, picked where none was given, and whether it was; None when no tag is free."""
    member = tag_member(vlan_config)
    if member is None:
        return vlan_config, False
    ethertype = f"{member}_ethertype"
    complete = {**vlan_config, ethertype: vlan_config.get(ethertype) or "0x8100"}
    if complete.get(member) is not None:
        return complete, False
    inner = vlan_config.get("inner_vlan")
    tag = choose_tag(held, cooling, range(inner, inner + 1) if inner is not None else range(4096))
    return ({**complete, member: tag} if tag is not None else None), True


def keep_tag(vlan_config: Body, current: Body | None) -> Body:
    """A picked tag stays when a later change says null again."""
    member = tag_member(vlan_config)
    if member is None or current is None or vlan_config.get(member) is not None:
        return vlan_config
    return {**vlan_config, member: current[member]} if current["vlan_type"] == vlan_config["vlan_type"] else vlan_config


def check_layer3(faults: Faults, body: Body, offering: Body, known: Collection[str] = ()) -> None:
    """Whether layer 3 members are given where the offering knows them, and only there.

    `known` are members the exchange has a value for where none is given. With a routing function, an offering that does
    not say which ones it supports supports all.
    """
    given = {name for name, value in (body.get("l3_config") or {}).items() if value is not None}
    required = set(offering.get("nsc_required_l3_config_fields") or ())
    supported = offering.get("nsc_supported_l3_config_fields")
    if supported is not None or body.get("routing_function") is None:
        for name in sorted(given - set(supported or ()) - required):
            faults.add(f"l3_config.{name}", "is not supported by the offering")
    for name in sorted(required - given - set(known)):
        faults.add(f"l3_config.{name}", "is required by the offering")


def check_handover(faults: Faults, offering: Body, connection: Record, *places: str) -> None:
    """Whether the offering is handed over where the connection is, and for ports of its speed.

    `places` are the members of the offering that name metro area networks it is handed over in.
    """
    if connection.body.get("metro_area_network") not in [offering[place] for place in places]:
        faults.add("product_offering", "is handed over in another metro area network than the connection's")
    if not has_port_speed(connection, offering):
        faults.add("product_offering", f"is for ports of {offering['physical_port_speed']} Mbit/s")


def has_port_speed(connection: Record, offering: Body) -> bool:
    """Whether the ports of a connection are of the speed an offering is for, if it is for one.

    Ports that do not count for the connection's speed yet are left out; `meta.bundled` says how many do.
    """
    speed = offering.get("physical_port_speed")
    ports = connection.meta.get("bundled") or connection.body.get("port_quantity") or 1
    return speed is None or speed * ports == connection.body.get("speed")


def check_speed(faults: Faults, capacity: int | None, connection: Record) -> None:
    """Whether a capacity in Mbit/s fits through the connection."""
    if (capacity or 0) > (connection.body.get("speed") or 0) > 0:
        faults.add("capacity", f"is more than the {connection.body['speed']} Mbit/s of the connection")
