"""From the entries of an exchange file to the documents they stand for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from peerhall.contract.validation import Body, InvalidBody, blank, validate
from peerhall.exchange.records import Record
from peerhall.intake.device_entries import draw_device
from peerhall.intake.drawing import NOT_THERE, Drawing, finish, read_members, report_faults
from peerhall.intake.exchange_file import Entry, ExchangeFile
from peerhall.intake.offering_entries import draw_offering
from peerhall.intake.positions import Mistakes, Node
from peerhall.intake.sections import EXCHANGE, WELL_KNOWN_ROLES, ExchangeEntry


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that an exchange file asks for."""

    file: str
    rules: dict[str, Any]
    """The house rules as they are kept, with the file's key."""
    records: tuple[Record, ...]
    """Documents, none of which names a later one; lists that are the other end of a member are still empty."""
    nodes: Mapping[str, Node]
    """Where each document is described, by its id."""

    def of(self, kind: str) -> list[Record]:
        return [record for record in self.records if record.kind == kind]


def draw_up(file: ExchangeFile, mistakes: Mistakes) -> Catalogue:
    """The documents the file asks for, as far as it can be understood."""
    drawing = Drawing(mistakes, _read_exchange(file, mistakes), file.written)
    for section, draw in _DRAW.items():
        for entry in file.entries:
            if entry.section.name == section:
                draw(drawing, entry)
    if "roles" not in file.sections:
        for name, fields in WELL_KNOWN_ROLES.items():
            drawing.add("roles", "roles", name, {"name": name, "required_fields": fields}, {}, file.exchange)
    _add_account(drawing, file)
    return Catalogue(file.name, _house_rules(drawing), tuple(drawing.records), drawing.nodes)


def _read_exchange(file: ExchangeFile, mistakes: Mistakes) -> ExchangeEntry:
    plain = file.exchange.plain() if EXCHANGE in file.sections else None
    given: Body = plain if isinstance(plain, dict) else {"key": NOT_THERE, "name": NOT_THERE}
    try:
        return validate(ExchangeEntry, given)
    except InvalidBody as error:
        report_faults(mistakes, file.exchange, error.faults)
        wrong = {fault.name.split(".")[0] for fault in error.faults}
        right = {name: value for name, value in given.items() if name not in wrong}
        return validate(ExchangeEntry, {"key": NOT_THERE, "name": NOT_THERE, **right})


def _house_rules(drawing: Drawing) -> dict[str, Any]:
    exchange = drawing.exchange
    return {
        "key": exchange.key,
        "account": drawing.account,
        "name": exchange.name,
        "timezone": exchange.timezone,
        "accept_all_asns": exchange.accept_all_asns,
        "account_required_roles": exchange.account_required_roles,
        "cooldown_days": exchange.cooldown_days,
        "capacity_limit_percent": exchange.capacity_limit_percent,
        "open_orders_limit": exchange.open_orders_limit,
        "disconnection_days": exchange.disconnection_days,
        "loa_valid_days": exchange.loa_valid_days,
    }


def _add_account(drawing: Drawing, file: ExchangeFile) -> None:
    """The exchange as others see it: an account that owns LANs and their addresses."""
    exchange = drawing.exchange
    body = {
        **blank("Account"),
        "name": exchange.name,
        "legal_name": exchange.legal_name,
        "address": None if exchange.address is None else exchange.address.model_dump(),
        "external_ref": exchange.external_ref,
        "discoverable": True,
        "state": "production",
        "status": [],
        "asns": [],
        "metro_area_network_presence": [
            record.id for record in drawing.records if record.kind == "metro-area-networks"
        ],
    }
    drawing.add("accounts", "accounts", EXCHANGE, body, {}, file.exchange)


def _draw_plain(drawing: Drawing, entry: Entry) -> None:
    """An entry that has nothing special, but that its name may be its key."""
    body, _ = read_members(drawing, entry)
    named = "display_name" if entry.section.name == "metro_areas" else "name"
    finish(drawing, entry, {named: entry.key, **_empty_lists(entry), **body})


def _empty_lists(entry: Entry) -> Body:
    lists = {"facilities", "metro_area_networks", "pops", "devices"}
    return {member: [] for member in entry.section.computed & lists}


def _draw_metro_area(drawing: Drawing, entry: Entry) -> None:
    body, _ = read_members(drawing, entry)
    if isinstance(body.get("un_locode"), str):
        body["un_locode"] = body["un_locode"].replace(" ", "")
    finish(drawing, entry, {"display_name": entry.key, **_empty_lists(entry), **body})


def _draw_metro_area_network(drawing: Drawing, entry: Entry) -> None:
    body, _ = read_members(drawing, entry)
    defaults = {"name": entry.key, "service_provider": drawing.exchange.name}
    finish(drawing, entry, {**defaults, **_empty_lists(entry), **body})


def _draw_lan(drawing: Drawing, entry: Entry) -> None:
    body, own = read_members(drawing, entry)
    reserved = own.get("reserved", [])
    subnets: dict[str, Any] = {
        "4": {"reserved": [each for each in reserved if ":" not in each]},
        "6": {"reserved": [each for each in reserved if ":" in each], "scheme": own.get("ipv6_scheme", "sequential")},
    }
    members = {
        "type": "exchange_lan",
        "name": entry.key,
        "state": "production",
        "status": [],
        "subnet_v4": "",
        "subnet_v6": "",
        "nsc_required_contact_roles": [],
        "network_features": [],
        "ips": [],
    }
    owners = {"managing_account": drawing.account, "consuming_account": drawing.account}
    meta = {name: own[name] for name in ("mac_required", "demands_ready", "vlan") if own.get(name) is not None}
    finish(drawing, entry, {**members, **body, **owners}, {"subnets": subnets, **meta})


def _draw_route_server(drawing: Drawing, entry: Entry) -> None:
    body, _ = read_members(drawing, entry)
    families = [family for family, member in (("af_inet", "ip_v4"), ("af_inet6", "ip_v6")) if body.get(member)]
    members = {
        "type": "route_server",
        "name": entry.key,
        "required": False,
        "nfc_required_contact_roles": [],
        "flags": [],
        "address_families": families,
        "session_mode": "public",
        "available_bgp_session_types": ["passive", "active"],
        "ip_v4": None,
        "ip_v6": None,
    }
    if isinstance(given := body.get("flags"), list):
        body["flags"] = [{"mandatory": False, **flag} if isinstance(flag, dict) else flag for flag in given]
    finish(drawing, entry, {**members, **body})


_DRAW: Final[dict[str, Callable[[Drawing, Entry], None]]] = {
    "metro_areas": _draw_metro_area,
    "metro_area_networks": _draw_metro_area_network,
    "facilities": _draw_plain,
    "availability_zones": _draw_plain,
    "pops": _draw_plain,
    "devices": draw_device,
    "roles": _draw_plain,
    "exchange_lans": _draw_lan,
    "route_servers": _draw_route_server,
    "product_offerings": draw_offering,
}
