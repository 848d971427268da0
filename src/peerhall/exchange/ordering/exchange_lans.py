"""Configs on a peering LAN: which offering they take, and when the member's side is ready."""

from peerhall.exchange.ordering.attachments import check_handover
from peerhall.exchange.records import Body, Record
from peerhall.exchange.refusals import Faults
from peerhall.exchange.statuses import Note, consumer_side_not_ready, mac_missing


def check_lan_offering(faults: Faults, offering: Body, service: Record, connection: Record | None) -> None:
    """Whether the offering is of this LAN, and for this connection's place and port speed."""
    if offering["exchange_lan_network_service"] != service.id:
        faults.add("product_offering", "is of another network service")
    elif connection is not None:
        check_handover(faults, offering, connection, "handover_metro_area_network", "service_metro_area_network")


def list_unready(config: Record, service: Record) -> list[Note]:
    """What the member has to say before its config is tested: nothing, unless it or the LAN holds it."""
    ready = config.body.get("consumer_side_ready")
    if ready is False or (ready is None and service.meta.get("demands_ready", False)):
        return [consumer_side_not_ready()]
    return []


def list_without_mac(config: Record, service: Record) -> list[Note]:
    """That a config on a LAN which demands a MAC has none; a routing function has the exchange's own."""
    required = config.body.get("routing_function") is None and service.meta.get("mac_required", True)
    return [mac_missing()] if required and not config.body.get("macs") else []
