"""From a product offering's entry to its document, whichever of the seven kinds it is."""

from typing import Any, Final

from peerhall.contract import schemas
from peerhall.contract.validation import Body
from peerhall.exchange.durations import normalise_duration
from peerhall.exchange.ordering.cloud_keys import find_vendor
from peerhall.exchange.records import Meta
from peerhall.intake.drawing import NOT_THERE, Drawing, finish, read_members
from peerhall.intake.exchange_file import Entry
from peerhall.intake.sections import get_section

PERIODS: Final = (
    "contract_initial_period",
    "contract_initial_notice_period",
    "contract_renewal_period",
    "contract_renewal_notice_period",
)

_RESOURCE_TYPES: Final = {
    "connection": "connection",
    "exchange_lan": "network_service_config",
    "routing_function": "routing_function",
}
"""What an order of such an offering creates; of the others, a network service."""


def draw_offering(drawing: Drawing, entry: Entry) -> None:
    body, own = read_members(drawing, entry)
    type_ = body.get("type")
    if not isinstance(type_, str) or type_ not in schemas.get_variants(entry.section.schema):
        return
    defaults: Body = {
        "name": entry.key,
        "display_name": body.get("name", entry.key),
        "resource_type": _RESOURCE_TYPES.get(type_, "network_service"),
        "service_provider": drawing.exchange.name,
        "downgrade_allowed": True,
        "upgrade_allowed": True,
    }
    if type_ == "connection":
        defaults |= {"cross_connect_initiator": "subscriber", "required_contact_roles": []}
    elif type_ != "routing_function":
        defaults |= {"provider_vlans": "single", "physical_port_speed": None}
        defaults |= {"bandwidth_min": None, "bandwidth_max": None}
    if type_ == "cloud_vc":
        defaults |= {"service_provider_region": None, "service_provider_pop": None}
    whole = {**defaults, **body}
    whole |= _places(drawing, entry, whole)
    meta = {
        **_periods(drawing, entry),
        **_loa(drawing, entry, whole, own.get("loa_required")),
        **_protection(drawing, entry, type_, own),
        **_provider(drawing, entry, whole, own.get("cloud_provider")),
    }
    finish(drawing, entry, whole, meta)


def _places(drawing: Drawing, entry: Entry, body: Body) -> Body:
    """Where an offering is handed over and delivered, as far as that follows from what the entry says."""
    of_lan = _network_of_lan(drawing, body.get("exchange_lan_network_service"))
    handover = body.get("handover_metro_area_network") or of_lan
    places: Body = {"handover_metro_area": _metro_area_of(drawing, handover)}
    if handover:
        places["handover_metro_area_network"] = handover
    if "service_metro_area_network" in get_section("product_offerings").list_members(str(body["type"])):
        service = body.get("service_metro_area_network") or of_lan or handover
        places |= {"service_metro_area_network": service, "service_metro_area": _metro_area_of(drawing, service)}
    if isinstance(body.get("service_exchange_pops"), list):
        places["service_exchange_pops"] = _exchange_pops(drawing, entry, body["service_exchange_pops"])
    return places


def _network_of_lan(drawing: Drawing, lan: str | None) -> str | None:
    if lan is None:
        return None
    record = drawing.find(lan)
    return str(record.body.get("metro_area_network", NOT_THERE)) if record else NOT_THERE


def _exchange_pops(drawing: Drawing, entry: Entry, given: list[Any]) -> list[Any]:
    found = []
    for index, each in enumerate(given):
        if isinstance(each, dict) and each.get("pop") is not None:
            each = {**each, "pop": drawing.resolve(entry.node, "pops", f"service_exchange_pops.{index}.pop")}
        found.append(each)
    return found


def _metro_area_of(drawing: Drawing, network: str | None) -> str:
    record = drawing.find(network)
    return str(record.body.get("metro_area", NOT_THERE)) if record else NOT_THERE


def _loa(drawing: Drawing, entry: Entry, body: Body, given: bool | None) -> Meta:
    """Whether the subscriber's letter is waited for: where the exchange orders the cable, unless told not to."""
    exchange_orders = body.get("cross_connect_initiator") == "exchange"
    if given and not exchange_orders:
        reason = "only goes with cross_connect_initiator: exchange; otherwise the exchange issues the letter itself"
        drawing.mistakes.add(entry.node, reason, "loa_required")
    return {"loa_required": True} if exchange_orders and given is not False else {}


def _protection(drawing: Drawing, entry: Entry, type_: str, own: Body) -> Meta:
    """Whether the groups that are ordered under it let only the MAC addresses of their configs through."""
    if not own.get("mac_acl_protection"):
        return {}
    if type_ != "mp2mp_vc":
        drawing.mistakes.add(entry.node.find("mac_acl_protection"), "is for offerings of type mp2mp_vc")
    return {"mac_acl_protection": True}


def _provider(drawing: Drawing, entry: Entry, body: Body, given: str | None) -> Meta:
    """What plug-ins call a cloud's provider: by default what its name says, for those whose keys we know."""
    if body.get("type") == "cloud_vc":
        return {"cloud_provider": given or find_vendor(str(body.get("service_provider", "")))}
    if given is not None:
        drawing.mistakes.add(entry.node.find("cloud_provider"), "is for offerings of type cloud_vc")
    return {}


def _periods(drawing: Drawing, entry: Entry) -> Meta:
    """Contract durations in one spelling, for filters."""
    periods = {}
    for name in PERIODS:
        given = entry.node.find(name)
        if given is not entry.node and isinstance(given.value, str):
            try:
                periods[name] = normalise_duration(given.value)
            except ValueError as error:
                drawing.mistakes.add(given, str(error))
    return {"periods": periods} if periods else {}
