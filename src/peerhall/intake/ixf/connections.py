"""A member's connection with its ports, from the interfaces an export lists."""

from typing import Any

from peerhall.contract.validation import blank
from peerhall.exchange.lifecycle import Phase
from peerhall.exchange.ordering.connections import name_connection
from peerhall.exchange.records import Body, Meta, Record
from peerhall.intake.identity import KEY, ORIGIN, is_imported, name_of
from peerhall.intake.ixf.export import Connection, Interface, Member
from peerhall.intake.ixf.offerings import find_connection_offering, infer_connection_offering
from peerhall.intake.ixf.origins import slug
from peerhall.intake.ixf.remarks import Topic
from peerhall.intake.ixf.scene import Scene
from peerhall.intake.ixf.stock import Draft, is_live

INFERRED_MEMBERS = "inferred_members"
"""In meta: members of a document that nobody told us, such as how the ports of a bundle act together."""

_ETHERTYPES = ("0x8100", "0x88a8", "0x9100")
_PORTS_ASSUMED = (Interface("", None, ""),)


def draft_connection(
    scene: Scene, member: Member, account: Record, exported: Connection, key: str, document: str
) -> Record:
    """Notes the connection, with its ports and their reservations; returns it as it is there already, or as drafted."""
    interfaces = exported.interfaces or _PORTS_ASSUMED
    devices = [_device_of(scene, member, exported, interface) for interface in interfaces]
    stored = scene.stock.records.get(document)
    pop = scene.places.pop_of(devices[0])
    origin = str(stored.meta[ORIGIN]) if stored else scene.origins[exported.ixp]
    connection = stored or _draw_up(scene, account, exported, pop, document, interfaces)
    known = [port for port in scene.ports_of(document) if is_imported(port) and is_live(port)]
    ports: list[str] = []
    reservations: list[str] = []
    for interface, device in zip(interfaces, devices, strict=True):
        port, reservation = _draft_port(scene, account, connection, origin, interface, device, known)
        ports.append(port)
        reservations.append(reservation)
    speeds = [interface.speed for interface in interfaces]
    says = {
        "mode": "standalone" if len(ports) == 1 else "lag_lacp",
        "lacp_timeout": None if len(ports) == 1 else "slow",
        "port_quantity": len(ports),
        "speed": None if None in speeds else sum(speed or 0 for speed in speeds),
    }
    if stored is None:
        _remark(scene, member, exported, len(ports))
        guessed = ["port_quantity", "mode"] if not exported.interfaces else ["mode"] * (len(ports) > 1)
        meta = _meta(origin, key, guessed)
        connection = Record(document, "connections", connection.body, meta)
    lists = {"ports": tuple(ports), "port_reservations": tuple(reservations)}
    return scene.stock.draft(Draft(connection, says, lists))


def _remark(scene: Scene, member: Member, exported: Connection, ports: int) -> None:
    if not exported.interfaces:
        text = "ports: the export lists none, so a connection has one of unknown speed"
        scene.stock.remarks.add(Topic.INFERRED, member.title, text)
    elif ports > 1:
        text = f"mode: a connection of {ports} ports is taken for lag_lacp"
        scene.stock.remarks.add(Topic.INFERRED, member.title, text)


def _device_of(scene: Scene, member: Member, exported: Connection, interface: Interface) -> Record:
    device, told = scene.places.device_of(scene.export.get_ixp(exported.ixp), interface.switch)
    if not told and exported.interfaces:
        named = f"switch {interface.switch}, which is not in the list of switches" if interface.switch else "no switch"
        scene.stock.remarks.add(Topic.UNKNOWN, member.title, f"a port names {named}")
    return device


def _draw_up(
    scene: Scene,
    account: Record,
    exported: Connection,
    pop: Record,
    document: str,
    interfaces: tuple[Interface, ...],
) -> Record:
    network = scene.stock.records[pop.body["metro_area_network"]]
    speeds = {interface.speed for interface in interfaces}
    speed = speeds.pop() if len(speeds) == 1 else None
    offering = find_connection_offering(scene.stock, pop, speed, len(interfaces), scene.now)
    if offering is None:
        origin = scene.origins[exported.ixp]
        offering = infer_connection_offering(scene.stock, origin, network, speed, scene.provider)
    body: Body = {
        **blank("Connection"),
        **owners(account),
        "billing_account": account.id,
        "id": document,
        "state": "production",
        "status": [],
        "current_billing_start_date": exported.since,
        "role_assignments": [],
        "name": name_connection(pop.body["name"], speed, document) if speed else f"{slug(name_of(pop))}-{document[:8]}",
        "product_offering": offering.id,
        "ports": [],
        "port_reservations": [],
        "pop": pop.id,
        "metro_area": network.body["metro_area"],
        "metro_area_network": network.id,
        "capacity_allocated": 0,
        "vlan_types": ["port", "dot1q", "qinq"],
        "outer_vlan_ethertypes": list(_ETHERTYPES),
        "subscriber_side_demarcs": [],
    }
    return Record(document, "connections", body)


def owners(account: Record) -> Body:
    """A member manages and uses what is imported for it."""
    return {"managing_account": account.id, "consuming_account": account.id}


def _meta(origin: str, key: str, guessed: list[str]) -> Meta:
    meta: dict[str, Any] = {ORIGIN: origin, KEY: key, "phase": Phase.LIVE.value}
    return {**meta, INFERRED_MEMBERS: guessed} if guessed else meta


def _draft_port(
    scene: Scene,
    account: Record,
    connection: Record,
    origin: str,
    interface: Interface,
    device: Record,
    known: list[Record],
) -> tuple[str, str]:
    """Notes a port and its reservation; one of the connection's on that device is the same port."""
    port = next((each for each in known if each.body["device"] == device.id), None)
    if port is not None:
        known.remove(port)
    else:
        port = _draw_up_port(scene, account, connection, origin, interface, device)
    port = scene.stock.draft(Draft(port, {"speed": interface.speed}))
    key, document, reservation = scene.stock.find_key(port.id, "reservation")
    if reservation is None:
        reservation = _draw_up_reservation(scene, connection, port, device, document, _meta(origin, key, []))
    scene.stock.draft(Draft(reservation))
    return port.id, reservation.id


def _draw_up_port(
    scene: Scene, account: Record, connection: Record, origin: str, interface: Interface, device: Record
) -> Record:
    number = 1
    while (found := scene.stock.find_key(connection.id, f"port/{number}"))[2] is not None:
        number += 1
    name, medium = _choose_port(scene, device, interface.speed)
    scene.held.ports.add((device.id, name))
    text = "port names: exports have none; free ones of the device were taken, or made up where it has none"
    scene.stock.remarks.add(Topic.INFERRED, name_of(device), text)
    body: Body = {
        **blank("Port"),
        **owners(account),
        "billing_account": account.id,
        "id": found[1],
        "state": "production",
        "status": [],
        "role_assignments": [],
        "name": name,
        "media_type": medium or interface.medium[:20] or "unknown",
        "operational_state": "up",
        "device": device.id,
        "pop": device.body["pop"],
        "connection": connection.id,
    }
    return Record(found[1], "ports", body, _meta(origin, found[0], ["name"]))


def _choose_port(scene: Scene, device: Record, speed: int | None) -> tuple[str, str]:
    """A free port of that speed and its medium; a name of our own where the device has none left."""
    for group in device.meta.get("ports", ()):
        if group["speed"] == speed:
            for name in group["names"]:
                if (device.id, name) not in scene.held.ports:
                    return name, group["media_type"]
    number = 1
    while (device.id, f"imported-{number}") in scene.held.ports:
        number += 1
    return f"imported-{number}", ""


def _draw_up_reservation(
    scene: Scene, connection: Record, port: Record, device: Record, document: str, meta: Meta
) -> Record:
    pop = scene.places.pop_of(device)
    facility = scene.stock.records[pop.body["facility"]]
    name = port.body["name"]
    body: Body = {
        **blank("PortReservation"),
        "id": document,
        "state": "production",
        "status": [],
        "connection": connection.id,
        "port": port.id,
        "exchange_side_demarc": " / ".join((name_of(facility), name_of(pop), name_of(device), name)),
    }
    reserved = {
        "device": device.id,
        "port": name,
        "media_type": port.body["media_type"],
        "speed": port.body.get("speed"),
    }
    account = {member: connection.body[member] for member in ("managing_account", "consuming_account")}
    return Record(document, "port-reservations", body, {**meta, **account, "reserved": reserved})
