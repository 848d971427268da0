"""Where things stand: the metro area network of an IXP, and the devices its members are connected to."""

from collections.abc import Mapping

from peerhall.exchange.records import Record
from peerhall.intake.identity import is_inferred, name_of
from peerhall.intake.ixf.export import Ixp, Switch
from peerhall.intake.ixf.origins import slug
from peerhall.intake.ixf.stock import Stock

_NETWORK = "metro-area-network"

UNKNOWN_CODE = "ZZZ"
"""For a place whose codes nobody told; ZZ is the country set aside for such use."""


class Places:
    """Finds places and devices for an export, and makes up those it needs and nobody described."""

    def __init__(self, stock: Stock, origins: Mapping[str, str], exchange: str) -> None:
        self._stock = stock
        self._origins = origins
        self._exchange = exchange
        self._networks: dict[str, Record] = {}
        self._devices: dict[tuple[str, str], Record] = {}

    def settle(self, ixp: Ixp, network: str | None) -> None:
        """Says in which metro area network an IXP is; else it is where it was, where its switches are, or the only one.

        What an import made up counts only for the IXP it was made up for: two IXPs may have a name in common.
        """
        self._networks[ixp.id] = (
            self._stock.records.get(network or "")
            or self._stock.find_key(self._origins[ixp.id], _NETWORK)[2]
            or self._network_of_switches(ixp)
            or self._only_network(ixp)
            or self._infer_network(ixp)
        )

    def network_of(self, ixp: Ixp) -> Record:
        """The metro area network that was settled on."""
        return self._networks[ixp.id]

    def device_of(self, ixp: Ixp, switch: str) -> tuple[Record, bool]:
        """The device a switch of the export is, and whether the export told which."""
        listed = ixp.find_switch(switch)
        key = (ixp.id, switch if listed else "")
        if key not in self._devices:
            self._devices[key] = self._find_device(listed) or self._infer_device(ixp, listed)
        return self._devices[key], listed is not None

    def pop_of(self, device: Record) -> Record:
        return self._stock.records[device.body["pop"]]

    def _network_of_switches(self, ixp: Ixp) -> Record | None:
        for switch in ixp.switches:
            if device := self._find_device(switch):
                return self._stock.records[self.pop_of(device).body["metro_area_network"]]
        return None

    def _only_network(self, ixp: Ixp) -> Record | None:
        networks = self._described("metro-area-networks")
        names = {name.casefold() for name in (ixp.shortname, ixp.name) if name}
        named = [network for network in networks if name_of(network).casefold() in names]
        if len(named) == 1:
            return named[0]
        return networks[0] if len(networks) == 1 else None

    def _infer_network(self, ixp: Ixp) -> Record:
        origin = self._origins[ixp.id]
        name = ixp.shortname or ixp.name or f"IXP {ixp.id}".strip()
        city = next((switch.city for switch in ixp.switches if switch.city), "")
        area = self._find_metro_area(city) or self._stock.infer(
            origin,
            f"metro-area/{slug(city)}" if city else "metro-area",
            "metro-areas",
            {
                "un_locode": f"{ixp.country or 'ZZ'}{UNKNOWN_CODE}",
                "iata_code": UNKNOWN_CODE,
                "display_name": (city or name)[:64],
                "facilities": [],
                "metro_area_networks": [],
            },
            "metro area: the export has no UN/LOCODE and no IATA code",
        )
        return self._stock.infer(
            origin,
            _NETWORK,
            "metro-area-networks",
            {"name": name[:32], "metro_area": area.id, "service_provider": self._exchange[:128], "pops": []},
            "metro area network: exports have none",
        )

    def _find_metro_area(self, city: str) -> Record | None:
        areas = self._stock.of("metro-areas")
        return next((area for area in areas if city and name_of(area).casefold() == city.casefold()), None)

    def _find_device(self, switch: Switch | None) -> Record | None:
        if switch is None or not switch.name:
            return None
        name = switch.name.casefold()
        devices = self._described("devices")
        exact = [device for device in devices if name_of(device).casefold() == name]
        short = [device for device in devices if name_of(device).casefold().split(".")[0] == name.split(".")[0]]
        found = exact or short
        return found[0] if len(found) == 1 else None

    def _described(self, kind: str) -> list[Record]:
        """What somebody told us about, rather than an import made it up."""
        return [record for record in self._stock.of(kind) if not is_inferred(record)]

    def _infer_device(self, ixp: Ixp, switch: Switch | None) -> Record:
        origin, key = self._origins[ixp.id], f"device/{switch.id}" if switch else "device"
        if (known := self._stock.find_key(origin, key)[2]) is not None:
            return known
        network = self.network_of(ixp)
        pop = self._find_pop(switch, network) or self._infer_pop(ixp, switch, network)
        name = (switch.name or f"switch {switch.id}") if switch else f"unknown device of {name_of(network)}"
        return self._stock.infer(
            origin,
            key,
            "devices",
            {"name": name[:180], "pop": pop.id, "facility": pop.body["facility"], "capabilities": []},
            "device: no exchange file describes it, so it has no free ports"
            if switch
            else "device: the export does not tell which switch ports are on",
            {"ports": []},
        )

    def _find_pop(self, switch: Switch | None, network: Record) -> Record | None:
        pops = [pop for pop in self._stock.of("pops") if pop.body["metro_area_network"] == network.id]
        if switch is None:
            return pops[0] if len(pops) == 1 else None
        facility = self._find_facility(switch)
        there = [pop for pop in pops if facility is not None and pop.body["facility"] == facility.id]
        named = [pop for pop in pops if switch.colo and name_of(pop).casefold() == switch.colo.casefold()]
        return next(iter(there or named), None)

    def _find_facility(self, switch: Switch) -> Record | None:
        facilities = self._stock.of("facilities")
        by_id = [
            each
            for each in facilities
            if switch.peeringdb_facility and each.body.get("peeringdb_facility_id") == switch.peeringdb_facility
        ]
        by_name = [each for each in facilities if switch.colo and name_of(each).casefold() == switch.colo.casefold()]
        return next(iter(by_id or by_name), None)

    def _infer_pop(self, ixp: Ixp, switch: Switch | None, network: Record) -> Record:
        origin = self._origins[ixp.id]
        place = switch.colo if switch and switch.colo else "unknown location"
        key = f"pop/{slug(place)}/{network.id}"
        if (known := self._stock.find_key(origin, key)[2]) is not None:
            return known
        facility = (self._find_facility(switch) if switch else None) or self._infer_facility(ixp, switch, network)
        return self._stock.infer(
            origin,
            key,
            "pops",
            {
                "name": place[:40],
                "facility": facility.id,
                "metro_area_network": network.id,
                "devices": [],
                "availability_zone": None,
            },
            "PoP: exports have none",
        )

    def _infer_facility(self, ixp: Ixp, switch: Switch | None, network: Record) -> Record:
        place = switch.colo if switch and switch.colo else "unknown location"
        return self._stock.infer(
            self._origins[ixp.id],
            f"facility/{slug(place)}",
            "facilities",
            {
                "name": place[:80],
                "metro_area": network.body["metro_area"],
                "address_country": (switch.country if switch else "") or ixp.country or "ZZ",
                "address_locality": (switch.city if switch else "")[:80],
                "address_region": "",
                "postal_code": "",
                "street_address": "",
                "peeringdb_facility_id": switch.peeringdb_facility if switch else None,
                "organisation_name": "",
                "pops": [],
                "latitude": None,
                "longitude": None,
            },
            "facility: the export has no address for it",
        )
