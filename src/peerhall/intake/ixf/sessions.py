"""A member's sessions with the route servers of a LAN."""

from peerhall.contract.validation import blank
from peerhall.exchange.lifecycle import Phase
from peerhall.exchange.ordering.network_feature_configs import check_flags, check_session
from peerhall.exchange.records import Body, Record
from peerhall.exchange.refusals import Faults
from peerhall.intake.identity import KEY, ORIGIN, name_of
from peerhall.intake.ixf.connections import owners
from peerhall.intake.ixf.export import Attachment, Member
from peerhall.intake.ixf.remarks import Topic
from peerhall.intake.ixf.scene import Scene
from peerhall.intake.ixf.stock import Draft, is_live


def draft_sessions(
    scene: Scene,
    member: Member,
    account: Record,
    config: Record,
    lan: Record,
    attachment: Attachment,
    address: str,
    origin: str,
) -> list[str]:
    """Notes a session from the address with each of the LAN's route servers."""
    servers = scene.networks.servers_of(lan, attachment.version)
    if not servers:
        text = f"sessions from {attachment.address}: no route server of {name_of(lan)} speaks IPv{attachment.version}"
        scene.stock.remarks.add(Topic.CONFLICT, member.title, text)
    drafted = []
    for server in servers:
        key, document, stored = scene.stock.find_key(config.id, f"session/{server.id}/{attachment.address}")
        if stored is not None and not is_live(stored):
            text = f"session from {attachment.address} with {name_of(server)}: it was ended here by an order"
            scene.stock.remarks.add(Topic.CONFLICT, member.title, text)
            continue
        says = _session_terms(scene, member, server, attachment)
        session = stored or _draw_up_session(scene, account, config, server, address, key, document, origin, says)
        drafted.append(scene.stock.draft(Draft(session, says)).id)
    return drafted


def _session_terms(scene: Scene, member: Member, server: Record, attachment: Attachment) -> Body:
    """AS-SET and prefix limit of the address's family; without an AS-SET, the member announces its own AS."""
    as_set = attachment.as_macro[:100]
    if len(attachment.as_macro) > len(as_set):
        scene.stock.remarks.add(Topic.TRUNCATED, member.title, f"the AS-SET {as_set[:30]}…")
    if not as_set:
        scene.stock.remarks.add(Topic.INFERRED, member.title, f"AS-SET: none is given, so it is AS{member.asn}")
        as_set = f"AS{member.asn}"
    elif _is_odd(as_set, server):
        text = f"the AS-SET {as_set!r} is not of a form that can be ordered; kept as it is"
        scene.stock.remarks.add(Topic.UNREADABLE, member.title, text)
    version = attachment.version
    return {f"as_set_v{version}": as_set, f"max_prefix_v{version}": attachment.max_prefix}


def _is_odd(as_set: str, server: Record) -> bool:
    faults = Faults()
    body = {
        "session_mode": server.body["session_mode"],
        "bgp_session_type": "",
        "as_set_v4": as_set,
        "as_set_v6": as_set,
    }
    check_session(faults, body, server.body)
    return any(fault.name.startswith("as_set") for fault in faults.found)


def _draw_up_session(
    scene: Scene,
    account: Record,
    config: Record,
    server: Record,
    address: str,
    key: str,
    document: str,
    origin: str,
    says: Body,
) -> Record:
    known = server.body["available_bgp_session_types"]
    body: Body = {
        **blank("NetworkFeatureConfig", "route_server"),
        **owners(account),
        "billing_account": account.id,
        "id": document,
        "type": "route_server",
        "state": "production",
        "status": [],
        "role_assignments": [],
        "network_feature": server.id,
        "network_service_config": config.id,
        "flags": check_flags(Faults(), [], server.body),
        "asn": scene.asns[account.id],
        "insert_ixp_asn": False,
        "session_mode": server.body["session_mode"],
        "bgp_session_type": "passive" if "passive" in known else next(iter(known), "passive"),
        "ip": address,
        **says,
    }
    meta = {ORIGIN: origin, KEY: key, "phase": Phase.LIVE.value}
    return Record(document, "network-feature-configs", body, meta)
