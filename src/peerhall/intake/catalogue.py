"""From the entries of an exchange file to the documents they stand for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from peerhall.contract import schemas
from peerhall.contract.marks import Schema
from peerhall.contract.validation import Body, Fault, InvalidBody, blank, check_document, validate
from peerhall.exchange.durations import normalise_duration
from peerhall.exchange.records import Meta, Record
from peerhall.intake.exchange_file import Entry, ExchangeFile
from peerhall.intake.identity import KEY, ORIGIN, file_origin, identify
from peerhall.intake.port_names import expand
from peerhall.intake.positions import Mistakes, Node
from peerhall.intake.sections import EXCHANGE, WELL_KNOWN_ROLES, ExchangeEntry, get_section

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

_NOT_THERE: Final = "?"
"""Stands in for what a wrong reference should have named, so that one mistake is not told twice."""


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


@dataclass(slots=True)
class _Drawing:
    """What the drawing up of one entry needs of all the others."""

    mistakes: Mistakes
    exchange: ExchangeEntry
    written: frozenset[tuple[str, str]]
    records: list[Record] = field(default_factory=list)
    nodes: dict[str, Node] = field(default_factory=dict)

    def id_of(self, section: str, key: str) -> str:
        return identify(self.exchange.key, section, key)

    @property
    def account(self) -> str:
        return self.id_of("accounts", EXCHANGE)

    def find(self, document: Any) -> Record | None:
        """What was drawn up under this id."""
        return next((record for record in self.records if record.id == document), None)

    def add(self, kind: str, section: str, key: str, body: Body, meta: Meta, node: Node) -> None:
        document = self.id_of(section, key)
        origin = {ORIGIN: file_origin(self.exchange.key), KEY: f"{section}/{key}"}
        self.records.append(Record(document, kind, {"id": document, **body}, {**origin, **meta}))
        self.nodes[document] = node

    def resolve(self, node: Node, section: str, member: str = "") -> str:
        """The id of the entry whose key stands at a node."""
        place = node.find(member)
        if isinstance(place.value, str) and (section, place.value) in self.written:
            return self.id_of(section, place.value)
        keys = ", ".join(sorted(key for name, key in self.written if name == section))
        known = f"there are {keys}" if keys else f"there is no section {section} yet, add one"
        self.mistakes.add(node, f"{place.what} is not the key of an entry in {section}; {known}", member)
        return _NOT_THERE


def draw_up(file: ExchangeFile, mistakes: Mistakes) -> Catalogue:
    """The documents the file asks for, as far as it can be understood."""
    drawing = _Drawing(mistakes, _read_exchange(file, mistakes), file.written)
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
    given: Body = plain if isinstance(plain, dict) else {"key": _NOT_THERE, "name": _NOT_THERE}
    try:
        return validate(ExchangeEntry, given)
    except InvalidBody as error:
        _report(mistakes, file.exchange, error.faults)
        wrong = {fault.name.split(".")[0] for fault in error.faults}
        right = {name: value for name, value in given.items() if name not in wrong}
        return validate(ExchangeEntry, {"key": _NOT_THERE, "name": _NOT_THERE, **right})


def _house_rules(drawing: _Drawing) -> dict[str, Any]:
    exchange = drawing.exchange
    return {
        "key": exchange.key,
        "account": drawing.account,
        "name": exchange.name,
        "timezone": exchange.timezone,
        "accept_all_asns": exchange.accept_all_asns,
        "account_required_roles": exchange.account_required_roles,
        "cooldown_days": exchange.cooldown_days,
    }


def _add_account(drawing: _Drawing, file: ExchangeFile) -> None:
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


def _read(drawing: _Drawing, entry: Entry) -> tuple[Body, dict[str, Any]]:
    """The members an entry gives: the standard's, with the ids of what they name, and ours."""
    given: Body = entry.node.plain()
    for member, section in entry.section.names.items():
        if given.get(member) is not None:
            given[member] = drawing.resolve(entry.node, section, member)
    extra = entry.section.extra
    own: dict[str, Any] = {name: given.pop(name) for name in list(given) if name in extra.model_fields}
    return given, _read_extra(drawing, entry, extra, own)


def _read_extra(drawing: _Drawing, entry: Entry, model: type[Schema], given: Body) -> dict[str, Any]:
    try:
        return validate(model, given).model_dump()
    except InvalidBody as error:
        _report(drawing.mistakes, entry.node, error.faults)
        return {}


def _finish(drawing: _Drawing, entry: Entry, body: Body, meta: Meta | None = None) -> None:
    """Adds the document, once its schema has been asked about it."""
    type_ = str(body.get("type", ""))
    whole = {**blank(entry.section.schema, type_), **body}
    document = drawing.id_of(entry.section.name, entry.key)
    try:
        checked = check_document(entry.section.schema, {"id": document, **whole})
    except InvalidBody as error:
        _report(drawing.mistakes, entry.node, error.faults)
        checked = whole
    checked = {name: value for name, value in checked.items() if name != "id"}
    drawing.add(entry.section.kind, entry.section.name, entry.key, checked, meta or {}, entry.node)


def _report(mistakes: Mistakes, node: Node, faults: list[Fault]) -> None:
    for fault in faults:
        place = node.find(fault.name)
        quotes = fault.reason == "must be a string" and isinstance(place.value, int | float)
        mistakes.add(node, fault.reason + ("; put it in quotes" if quotes else ""), fault.name)


def _draw_plain(drawing: _Drawing, entry: Entry) -> None:
    """An entry that has nothing special, but that its name may be its key."""
    body, _ = _read(drawing, entry)
    named = "display_name" if entry.section.name == "metro_areas" else "name"
    _finish(drawing, entry, {named: entry.key, **_empty_lists(entry), **body})


def _empty_lists(entry: Entry) -> Body:
    lists = {"facilities", "metro_area_networks", "pops", "devices"}
    return {member: [] for member in entry.section.computed & lists}


def _draw_metro_area(drawing: _Drawing, entry: Entry) -> None:
    body, _ = _read(drawing, entry)
    if isinstance(body.get("un_locode"), str):
        body["un_locode"] = body["un_locode"].replace(" ", "")
    _finish(drawing, entry, {"display_name": entry.key, **_empty_lists(entry), **body})


def _draw_metro_area_network(drawing: _Drawing, entry: Entry) -> None:
    body, _ = _read(drawing, entry)
    defaults = {"name": entry.key, "service_provider": drawing.exchange.name}
    _finish(drawing, entry, {**defaults, **_empty_lists(entry), **body})


def _draw_device(drawing: _Drawing, entry: Entry) -> None:
    body, own = _read(drawing, entry)
    groups = _merge_groups(drawing, entry, own.get("ports", []))
    capabilities = [
        {
            "media_type": group["media_type"],
            "speed": group["speed"],
            **({} if group["max_lag"] is None else {"max_lag": group["max_lag"]}),
            "availability": len(group["names"]),
        }
        for group in groups
    ]
    pop = drawing.find(body.get("pop"))
    derived = {"capabilities": capabilities, "facility": pop.body.get("facility", _NOT_THERE) if pop else _NOT_THERE}
    ports = [{name: group[name] for name in ("media_type", "speed", "names")} for group in groups]
    _finish(drawing, entry, {"name": entry.key, **body, **derived}, {"ports": ports})


def _merge_groups(drawing: _Drawing, entry: Entry, groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One group for each medium and speed, with the names of all its ports."""
    merged: dict[tuple[str, int], dict[str, Any]] = {}
    seen: set[str] = set()
    for index, group in enumerate(groups):
        names = _port_names(drawing, entry, index, group["names"])
        twice = sorted(seen.intersection(names)) or sorted({name for name in names if names.count(name) > 1})
        if twice:
            reason = f"{twice[0]} is a port of this device already; each port has one name"
            drawing.mistakes.add(entry.node, reason, f"ports.{index}.names")
        seen.update(names)
        known = merged.setdefault((group["media_type"], group["speed"]), {**group, "names": []})
        known["names"] = list(dict.fromkeys([*known["names"], *names]))
        if known["max_lag"] != group["max_lag"]:
            reason = "ports of the same media_type and speed on a device need the same max_lag"
            drawing.mistakes.add(entry.node, reason, f"ports.{index}.max_lag")
    return list(merged.values())


def _port_names(drawing: _Drawing, entry: Entry, index: int, given: str | list[str]) -> list[str]:
    names: list[str] = []
    for text in [given] if isinstance(given, str) else given:
        try:
            names += expand(text)
        except ValueError as error:
            drawing.mistakes.add(entry.node, str(error), f"ports.{index}.names")
    return names


def _draw_lan(drawing: _Drawing, entry: Entry) -> None:
    body, own = _read(drawing, entry)
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
    _finish(drawing, entry, {**members, **body, **owners}, {"subnets": subnets, **meta})


def _draw_route_server(drawing: _Drawing, entry: Entry) -> None:
    body, _ = _read(drawing, entry)
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
    flags = [{"mandatory": False, **flag} if isinstance(flag, dict) else flag for flag in body.get("flags") or ()]
    _finish(drawing, entry, {**members, **body, "flags": flags} if body.get("flags") else {**members, **body})


def _draw_offering(drawing: _Drawing, entry: Entry) -> None:
    body, _ = _read(drawing, entry)
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
    _finish(drawing, entry, whole, _periods(drawing, entry))


def _places(drawing: _Drawing, entry: Entry, body: Body) -> Body:
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


def _network_of_lan(drawing: _Drawing, lan: str | None) -> str | None:
    if lan is None:
        return None
    record = drawing.find(lan)
    return str(record.body.get("metro_area_network", _NOT_THERE)) if record else _NOT_THERE


def _exchange_pops(drawing: _Drawing, entry: Entry, given: list[Any]) -> list[Any]:
    found = []
    for index, each in enumerate(given):
        if isinstance(each, dict) and each.get("pop") is not None:
            each = {**each, "pop": drawing.resolve(entry.node, "pops", f"service_exchange_pops.{index}.pop")}
        found.append(each)
    return found


def _metro_area_of(drawing: _Drawing, network: str | None) -> str:
    record = drawing.find(network)
    return str(record.body.get("metro_area", _NOT_THERE)) if record else _NOT_THERE


def _periods(drawing: _Drawing, entry: Entry) -> Meta:
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


_DRAW: Final[dict[str, Callable[[_Drawing, Entry], None]]] = {
    "metro_areas": _draw_metro_area,
    "metro_area_networks": _draw_metro_area_network,
    "facilities": _draw_plain,
    "availability_zones": _draw_plain,
    "pops": _draw_plain,
    "devices": _draw_device,
    "roles": _draw_plain,
    "exchange_lans": _draw_lan,
    "route_servers": _draw_route_server,
    "product_offerings": _draw_offering,
}
