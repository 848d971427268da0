"""What members must have ordered: an offering that fits, or one made up that nobody can order."""

from collections.abc import Iterable
from datetime import datetime

from peerhall.contract.validation import blank
from peerhall.contract.vocabulary import write_instant
from peerhall.exchange.catalogue import LONG_GONE, has_contract_terms
from peerhall.exchange.records import Body, Record
from peerhall.intake.identity import is_inferred, name_of
from peerhall.intake.ixf.stock import Stock


def find_connection_offering(stock: Stock, pop: Record, speed: int | None, ports: int, now: datetime) -> Record | None:
    """The first offering that such a connection could be ordered with now, leaving those with contract terms aside."""
    for offering in _open(stock.of("product-offerings"), "connection", now):
        body = offering.body
        fits = (
            speed is not None
            and body.get("physical_port_speed") == speed
            and body.get("handover_metro_area_network") == pop.body["metro_area_network"]
            and body.get("handover_pop") in (None, pop.id)
            and (body.get("maximum_port_quantity") or ports) >= ports
        )
        if fits:
            return offering
    return None


def find_lan_offering(stock: Stock, lan: Record, network: str, speed: int | None, now: datetime) -> Record | None:
    """The first offering that such a presence could be ordered with now, leaving those with contract terms aside."""
    for offering in _open(stock.of("product-offerings"), "exchange_lan", now):
        body = offering.body
        fits = (
            body["exchange_lan_network_service"] == lan.id
            and network in (body["handover_metro_area_network"], body["service_metro_area_network"])
            and body["physical_port_speed"] in (None, speed)
        )
        if fits:
            return offering
    return None


def infer_connection_offering(stock: Stock, origin: str, network: Record, speed: int | None, provider: str) -> Record:
    """An offering for connections that the catalogue has none for; closed for orders."""
    label = f"{_write_speed(speed)} port" if speed is not None else "port"
    body: Body = {
        **blank("ProductOffering", "connection"),
        **_common(f"Imported {label} in {name_of(network)}", network, network, provider),
        "type": "connection",
        "resource_type": "connection",
        "required_contact_roles": [],
    }
    del body["service_metro_area"], body["service_metro_area_network"]
    if speed is not None:
        body["physical_port_speed"] = speed
    reason = "offering: none fits such connections, so one that cannot be ordered stands for what was"
    return stock.infer(origin, f"offering/{network.id}/{speed or 0}", "product-offerings", body, reason)


def infer_lan_offering(
    stock: Stock, origin: str, lan: Record, network: Record, service: Record, provider: str
) -> Record:
    """An offering for presences on a LAN that the catalogue has none for; closed for orders."""
    body: Body = {
        **blank("ProductOffering", "exchange_lan"),
        **_common(f"Imported peering on {name_of(lan)}", network, service, provider),
        "type": "exchange_lan",
        "resource_type": "network_service_config",
        "physical_port_speed": None,
        "provider_vlans": "single",
        "bandwidth_min": None,
        "bandwidth_max": None,
        "exchange_lan_network_service": lan.id,
    }
    reason = "offering: none fits such presences, so one that cannot be ordered stands for what was"
    return stock.infer(origin, f"offering/{lan.id}/{network.id}", "product-offerings", body, reason)


def _open(offerings: Iterable[Record], type_: str, now: datetime) -> Iterable[Record]:
    """Offerings of a type that can be ordered at this moment without contract terms."""
    at = write_instant(now)
    for offering in offerings:
        opens, closes = offering.body.get("orderable_not_before"), offering.body.get("orderable_not_after")
        orderable = not (opens and at < opens) and not (closes and at > closes)
        if offering.type == type_ and orderable and not is_inferred(offering) and not has_contract_terms(offering.body):
            yield offering


def _common(name: str, handover: Record, service: Record, provider: str) -> Body:
    return {
        "name": name[:160],
        "display_name": name[:160],
        "orderable_not_after": LONG_GONE,
        "handover_metro_area_network": handover.id,
        "handover_metro_area": handover.body["metro_area"],
        "service_metro_area_network": service.id,
        "service_metro_area": service.body["metro_area"],
        "service_provider": provider,
        "downgrade_allowed": True,
        "upgrade_allowed": True,
    }


def _write_speed(speed: int) -> str:
    return f"{speed // 1000}G" if speed >= 1000 and speed % 1000 == 0 else f"{speed}M"
