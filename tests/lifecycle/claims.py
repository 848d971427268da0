"""What is held: exactly what the orders that are in use say they have, and nothing before it has cooled off."""

from ipaddress import ip_address, ip_interface

from tests.lifecycle.picture import OVER, Document, Picture
from tests.lifecycle.stage import Stage

Held = tuple[str, str, str]
"""Kind, scope and value, as text."""


def check_claims(stage: Stage, picture: Picture, *, calm: bool) -> None:
    """`calm`: the network has followed all that was ordered, so that nothing is held for its sake any more."""
    held = _list_held(stage)
    assert not (lost := [each for each in held if each not in picture.documents]), f"held by nobody: {lost}"
    for document in picture.documents.values():
        has, due = held.get(document.id, set()), _list_due(picture, document)
        if document.state in OVER:
            # Until it is out of the network it may still be there; then it is given back.
            gone = calm and not any(document.meta.get(side, {}).get("present") for side in ("network", "provider"))
            assert not (has and gone), f"{document.kind} {document.id} is {document.state} and holds {has}"
            continue
        assert due <= has, f"{document.kind} {document.id} ({document.state}) does not hold {due - has}"
        more = {each for each in has - due if not _may_linger(document, each)}
        assert not more, f"{document.kind} {document.id} ({document.state}) holds {more} for nothing"
    _check_cooling(stage)


def _list_held(stage: Stage) -> dict[str, set[Held]]:
    held: dict[str, set[Held]] = {}
    rows = stage.site.connection.execute(
        """select holder, kind, scope, value from claim where released_at is null
           union all
           select holder, 'vlan', connection::text, outer_tag::text || inner_tag::text from vlan_claim
               where released_at is null
           union all
           select holder, 'prefix', '', host(prefix) || '/' || masklen(prefix) from prefix_claim
               where released_at is null"""
    )
    for holder, kind, scope, value in rows:
        has = held.setdefault(holder, set())
        assert (kind, scope, value) not in has, f"{holder} holds {kind} {value} twice"
        has.add((kind, scope, value))
    return held


def _list_due(picture: Picture, document: Document) -> set[Held]:
    """What a document that is not over has to hold."""
    match document.kind:
        case "port-reservations":
            reserved = document.meta["reserved"]
            if document["port"] is not None:
                port = picture.get(document["port"])
                assert (port["device"], port["name"]) == (reserved["device"], reserved["port"])
            return {("port", reserved["device"], reserved["port"])}
        case "routing-functions":
            return {("router", document.meta["device"], document.id)}
        case "member-joining-rules":
            return {("pair", document["network_service"], document["consuming_account"])}
        case "ips" if "network_service_config" not in document.meta:
            prefix = str(ip_interface(f"{document['address']}/{document['prefix_length']}").network)
            private = prefix.startswith("10.")
            return {("private", document["consuming_account"], prefix) if private else ("prefix", "", prefix)}
        case "network-services" if document["type"] == "exchange_lan":
            return {("prefix", "", document["subnet_v4"]), ("prefix", "", document["subnet_v6"])}
        case "network-services" if document["type"] == "cloud_vc":
            first = picture.get(document["product_offering"])["service_provider_workflow"] == "provider_first"
            return {("cloud_key", "azure", document["cloud_key"].lower())} if first else set()
        case "network-service-configs" if document["type"] == "cloud_vc":
            vlan = (document["cloud_config"] or {}).get("vlan")
            handover = f"{document['handover']}/{'unmatched' if vlan is None else vlan}"
            return _list_due_to_config(picture, document) | {("handover", document["network_service"], handover)}
        case "network-service-configs":
            return _list_due_to_config(picture, document)
        case _:
            return set()


def _list_due_to_config(picture: Picture, config: Document) -> set[Held]:
    service = config["network_service"]
    macs = {("mac", service, picture.get(each)["address"].lower()) for each in config["macs"] or ()}
    ips = {("address", service, str(ip_address(picture.get(each)["address"]))) for each in config["ips"] or ()}
    if config["vlan_config"] is None:
        return macs | ips
    connection = str(picture.get(config["connection"]).serial)
    return macs | ips | {("vlan", connection, _write_tags(config["vlan_config"]))}


def _write_tags(vlan_config: dict[str, int | str | None]) -> str:
    every = "[0,4096)"
    match vlan_config:
        case {"vlan_type": "port"}:
            return every + every
        case {"vlan_type": "dot1q", "vlan": int(tag)}:
            return f"[{tag},{tag + 1}){every}"
        case {"vlan_type": "qinq", "outer_vlan": int(outer), "inner_vlan": int(inner)}:
            return f"[{outer},{outer + 1})[{inner},{inner + 1})"
        case _:
            raise AssertionError(f"{vlan_config} has no tags")


def _may_linger(document: Document, held: Held) -> bool:
    """Whether a config may still have what it no longer names: as long as the network has not let go of it."""
    side = {"vlan": "network", "mac": "network", "address": "network", "handover": "provider"}.get(held[0])
    if document.kind != "network-service-configs" or side is None:
        return False
    return not document.live or not document.meta.get(side, {}).get("configured")


def _check_cooling(stage: Stage) -> None:
    """Nobody is given what another has given back within the days it is to rest."""
    early = stage.site.connection.execute(
        """select c.holder, c.kind, c.value from claim c join claim o
               on o.kind = c.kind and o.scope = c.scope and o.value = c.value and o.account <> c.account
           where c.kind = 'address' and o.cooling_until > c.taken_at and o.released_at <= c.taken_at
           union all
           select c.holder, 'vlan', c.outer_tag::text from vlan_claim c join vlan_claim o
               on o.connection = c.connection and o.outer_tag = c.outer_tag and o.account <> c.account
           where upper(c.outer_tag) - lower(c.outer_tag) = 1
             and o.cooling_until > c.taken_at and o.released_at <= c.taken_at"""
    ).fetchall()
    assert not early, f"given to others too early: {early}"
