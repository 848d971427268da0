"""A member's presence on peering LANs: one config for each LAN on a connection, with addresses, MACs and sessions."""

from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

from peerhall.contract.validation import blank
from peerhall.exchange.allocation import FIRST_TAG, LAST_TAG, choose_tag
from peerhall.exchange.claims import Holder
from peerhall.exchange.lifecycle import Phase
from peerhall.exchange.records import Body, Meta, Record
from peerhall.intake.identity import KEY, ORIGIN, is_imported, name_of
from peerhall.intake.ixf.connections import INFERRED_MEMBERS, owners
from peerhall.intake.ixf.export import Attachment, Connection, Member
from peerhall.intake.ixf.networks import serves_as_route_server
from peerhall.intake.ixf.offerings import find_lan_offering, infer_lan_offering
from peerhall.intake.ixf.remarks import Topic
from peerhall.intake.ixf.scene import Scene
from peerhall.intake.ixf.sessions import draft_sessions
from peerhall.intake.ixf.stock import Draft, is_live
from peerhall.intake.lans import subnet_of

_ETHERTYPE = "0x8100"


@dataclass(slots=True)
class _OnLan:
    """What a connection has on one of our LANs, though the export may know that LAN as several VLANs."""

    lan: Record
    vlan: str
    key: str
    document: str
    stored: Record | None
    attachments: list[Attachment] = field(default_factory=list)
    macs: list[str] = field(default_factory=list)


def draft_presences(scene: Scene, member: Member, account: Record, exported: Connection, connection: Record) -> None:
    """Notes a config for each LAN that the connection is on, as far as nobody else is in its place."""
    found: dict[str, _OnLan] = {}
    for presence in exported.presences:
        lan = scene.networks.lan_of(presence)
        if lan.id not in found:
            found[lan.id] = _OnLan(lan, presence.vlan, *scene.stock.find_key(connection.id, f"lan/{lan.id}"))
        found[lan.id].attachments += presence.attachments
        found[lan.id].macs += presence.list_macs()
    wanted = [each for each in found.values() if _may_be(scene, member, account, connection, each)]
    tags = _choose_tags(scene, member, connection, wanted)
    for each in wanted:
        if each.lan.id in tags:
            _draft_config(scene, member, account, exported, connection, each, tags[each.lan.id])


def _may_be(scene: Scene, member: Member, account: Record, connection: Record, on: _OnLan) -> bool:
    """Whether the export decides about this presence, rather than an order."""
    if on.stored is not None and not is_live(on.stored):
        text = f"presence on {name_of(on.lan)}: it was ended here by an order ({on.stored.state})"
        scene.stock.remarks.add(Topic.CONFLICT, member.title, text)
        return False
    if on.stored is None:
        for attachment in on.attachments:
            holder = scene.held.addresses.get((on.lan.id, attachment.address))
            config = scene.stock.records.get(holder.document) if holder and holder.account == account.id else None
            if config is not None and not is_imported(config) and config.body.get("connection") == connection.id:
                text = f"presence on {name_of(on.lan)}: it was ordered here, with {attachment.address}"
                scene.stock.remarks.add(Topic.ELSEWHERE, member.title, text)
                return False
    return True


def _choose_tags(scene: Scene, member: Member, connection: Record, wanted: list[_OnLan]) -> dict[str, Body]:
    """A VLAN config for each LAN: the tag the exchange gives it out under, what it had, the whole port, or a guess."""
    mine = {each.document for each in wanted}
    taken = [
        (outer, inner) for outer, inner, holder in scene.held.tags.get(connection.serial, ()) if holder not in mine
    ]
    alone = len(wanted) == 1 and not taken
    chosen: dict[str, Body] = {}
    for on in wanted:
        vlan_config = _choose_vlan_config(on, alone, taken)
        if vlan_config is None:
            text = f"presence on {name_of(on.lan)}: no VLAN is free on the connection beside what is there"
            scene.stock.remarks.add(Topic.CONFLICT, member.title, text)
            continue
        if vlan_config.pop("guessed", False) and on.stored is None:
            text = f"tag: VLAN {vlan_config['vlan']} for {name_of(on.lan)}, one of several LANs on a connection"
            scene.stock.remarks.add(Topic.INFERRED, member.title, text)
        if vlan_config["vlan_type"] == "dot1q":
            taken.append((range(vlan_config["vlan"], vlan_config["vlan"] + 1), range(4096)))
        chosen[on.lan.id] = vlan_config
    return chosen


def _choose_vlan_config(on: _OnLan, alone: bool, taken: list[tuple[range, range]]) -> Body | None:
    before = (on.stored.body.get("vlan_config") or {}) if on.stored else {}
    told, had = on.lan.meta.get("vlan"), before.get("vlan")
    for tag in (told, had):
        if tag is not None and _is_free(tag, taken):
            return {"vlan_type": "dot1q", "vlan": tag, "vlan_ethertype": before.get("vlan_ethertype", _ETHERTYPE)}
    if alone:
        return {"vlan_type": "port"}
    wished = int(on.vlan) if on.vlan.isdecimal() and len(on.vlan) <= 4 else 0
    fits = FIRST_TAG <= wished <= LAST_TAG and _is_free(wished, taken)
    tag = wished if fits else choose_tag(taken, (), range(4096))
    if tag is None:
        return None
    return {"vlan_type": "dot1q", "vlan": tag, "vlan_ethertype": _ETHERTYPE, "guessed": True}


def _is_free(tag: int, taken: list[tuple[range, range]]) -> bool:
    return not any(tag in outer for outer, _ in taken)


def _draft_config(
    scene: Scene,
    member: Member,
    account: Record,
    exported: Connection,
    connection: Record,
    on: _OnLan,
    vlan_config: Body,
) -> None:
    origin = str(connection.meta[ORIGIN])
    config = on.stored or _draw_up(scene, account, exported, connection, on, origin, vlan_config)
    ips: list[str] = []
    sessions: list[str] = []
    for attachment in on.attachments:
        address = _draft_address(scene, member, account, config, on, attachment, origin)
        if address is not None and address not in ips:
            ips.append(address)
            if attachment.routeserver:
                sessions += draft_sessions(scene, member, account, config, on.lan, attachment, address, origin)
    found = [_draft_mac(scene, member, account, config, on, address, origin) for address in dict.fromkeys(on.macs)]
    macs = [mac for mac in found if mac is not None]
    lists = {"ips": tuple(ips), "macs": tuple(macs), "network_feature_configs": tuple(sessions)}
    scene.stock.draft(Draft(config, {"vlan_config": vlan_config}, lists))


def _draw_up(
    scene: Scene,
    account: Record,
    exported: Connection,
    connection: Record,
    on: _OnLan,
    origin: str,
    vlan_config: Body,
) -> Record:
    network = scene.stock.records[connection.body["metro_area_network"]]
    speed, ports = connection.body.get("speed"), connection.body.get("port_quantity") or 1
    port_speed = speed // ports if speed else None
    offering = find_lan_offering(scene.stock, on.lan, network.id, port_speed, scene.now)
    if offering is None:
        service = scene.stock.records[on.lan.body["metro_area_network"]]
        offering = infer_lan_offering(
            scene.stock, scene.origins[exported.ixp], on.lan, network, service, scene.provider
        )
    body: Body = {
        **blank("NetworkServiceConfig", "exchange_lan"),
        **owners(account),
        "billing_account": account.id,
        "id": on.document,
        "type": "exchange_lan",
        "state": "production",
        "status": [],
        "current_billing_start_date": exported.since,
        "role_assignments": [],
        "network_service": on.lan.id,
        "connection": connection.id,
        "vlan_config": vlan_config,
        "asns": [scene.asns[account.id]],
        "listed": True,
        "product_offering": offering.id,
        "macs": [],
        "ips": [],
        "network_feature_configs": [],
    }
    meta: Meta = {ORIGIN: origin, KEY: on.key, "phase": Phase.LIVE.value}
    told = vlan_config["vlan_type"] == "dot1q" and on.lan.meta.get("vlan") == vlan_config["vlan"]
    if not told:
        meta[INFERRED_MEMBERS] = ["vlan_config"]
    return Record(on.document, "network-service-configs", body, meta)


def _draft_address(
    scene: Scene,
    member: Member,
    account: Record,
    config: Record,
    on: _OnLan,
    attachment: Attachment,
    origin: str,
) -> str | None:
    """Notes an address of the config; None when somebody else has it."""
    place = (on.lan.id, attachment.address)
    holder = scene.held.addresses.get(place)
    if serves_as_route_server(member, attachment):
        scene.stock.remarks.add(Topic.SKIPPED, member.title, f"{attachment.address}, which is a route server's address")
        return None
    if holder is not None and holder.document != config.id:
        _remark_held(scene, member, on.lan, attachment.address, holder, holder.document)
        return None
    scene.held.addresses[place] = Holder(config.id, account.id)
    key, document, stored = scene.stock.find_key(config.id, attachment.address)
    subnet = subnet_of(on.lan, attachment.version)
    if subnet and ip_address(attachment.address) not in ip_network(subnet):
        text = f"{attachment.address} is not in {subnet} of {name_of(on.lan)}"
        scene.stock.remarks.add(Topic.OUTSIDE, member.title, text)
    body: Body = {
        **blank("IpAddress"),
        "id": document,
        "managing_account": scene.exchange,
        "consuming_account": account.id,
        "version": attachment.version,
        "address": attachment.address,
        "prefix_length": ip_network(subnet).prefixlen if subnet else ip_address(attachment.address).max_prefixlen,
    }
    meta = {ORIGIN: origin, KEY: key, "network_service": on.lan.id, "network_service_config": config.id}
    scene.stock.draft(Draft(stored or Record(document, "ips", body, meta)))
    return document


def _draft_mac(
    scene: Scene, member: Member, account: Record, config: Record, on: _OnLan, address: str, origin: str
) -> str | None:
    """Notes a MAC address of the config; None when somebody else has it on the LAN."""
    place = (on.lan.id, address)
    holder = scene.held.macs.get(place)
    if holder is not None and holder.document != config.id:
        _remark_held(scene, member, on.lan, address, holder, holder.account)
        return None
    scene.held.macs[place] = Holder(config.id, account.id)
    key, document, stored = scene.stock.find_key(account.id, address)
    body = {**blank("MacAddress"), **owners(account), "id": document, "address": address}
    scene.stock.draft(Draft(stored or Record(document, "macs", body, {ORIGIN: origin, KEY: key})))
    return document


def _remark_held(scene: Scene, member: Member, lan: Record, value: str, holder: Holder, scope: str) -> None:
    """Tells who has what a member is to have; `scope` is that of the key which the value's document goes by."""
    record = scene.stock.records.get(holder.document)
    account = scene.stock.records.get(holder.account)
    whose = name_of(account) if account else holder.account
    if record is not None and record.kind == "network-features":
        text = f"{value} on {name_of(lan)}, which is the address of {name_of(record)}"
        scene.stock.remarks.add(Topic.SKIPPED, member.title, text)
    elif scene.stock.find_key(scope, value)[1] in scene.stock.drafts:
        text = f"{value} on {name_of(lan)}; {whose} has it"
        scene.stock.remarks.add(Topic.DUPLICATE, member.title, text)
    else:
        by = "by an earlier import" if record is not None and is_imported(record) else "by an order"
        by = "for a connection out of use" if holder.document == holder.account else by
        text = f"{value} on {name_of(lan)}, which {whose} holds {by}"
        scene.stock.remarks.add(Topic.CONFLICT, member.title, text)
