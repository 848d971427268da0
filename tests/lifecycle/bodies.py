"""What is ordered: bodies that mostly fit what there is, with now and then a value that nobody should send."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st

from tests.lifecycle.exchange import PLAYERS
from tests.lifecycle.picture import Document, Picture
from tests.world import ADDRESS, BILLING

T = TypeVar("T")
Body = dict[str, Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]

ASNS = (64496, 64497, 64498, 65536)
_PREFIXES = ("198.51.100.0", "198.51.100.4", "203.0.113.8", "192.0.2.16", "10.1.0.5", "10.1.0.6")
_HOSTILE = (None, "", "nobody", "x" * 300, "a\x07b", "é" * 90, -1, 0, 2**40, 1.5, True, [], ["nobody"], {}, {"id": 1})
_ODDS = 16
"""One body in so many is spoilt."""


class Drawer:
    """Draws the bodies of one account's orders from what there is."""

    def __init__(self, draw: Draw, picture: Picture, who: str, now: datetime, cloud_keys: Sequence[str]) -> None:
        self._draw = draw
        self._cloud_keys = cloud_keys
        self._picture = picture
        self._who = who
        self._now = now

    def one_of(self, values: Sequence[T]) -> T:
        found: T = self._draw(st.sampled_from(values))
        return found

    def chance(self, odds: int) -> bool:
        """True once in so many times; shrinks to False."""
        return bool(self._draw(st.integers(0, odds - 1)) == odds - 1)

    def spoilt(self, body: Body) -> Body:
        """The body, which now and then has a value that does not belong there."""
        if not body or not self.chance(_ODDS):
            return body
        return {**body, self.one_of(sorted(body)): self.one_of(_HOSTILE)}

    def owners(self, *, billed: bool = True) -> Body:
        """Mostly the account itself, for a reseller often its customer, seldom somebody it does not act for."""
        choice = self._draw(st.integers(0, 19))
        if choice == 19:
            member = self.one_of(("managing_account", "consuming_account"))
            return {member: self.one_of((*PLAYERS, "exchange", "nobody"))}
        if self._who != "reseller" or choice < 10:
            return {}
        return {"consuming_account": "customer", **({"managing_account": "customer"} if choice > 15 else {})}

    def references(self) -> Body:
        """What an account writes onto its orders for itself."""
        return {} if self.chance(2) else {"external_ref": self.one_of(("one", "two")), "purchase_order": "PO 1"}

    def own(self, kind: str, *states: str, consumed: bool = False) -> list[Document]:
        """What the account sees in full, in one of the states."""
        return [
            each
            for each in self._picture.of(kind)
            if (not states or each.state in states)
            and (self._picture.owns if consumed else self._picture.manages)(self._who, each)
        ]

    def any_id(self, found: Sequence[Document], kind: str) -> str:
        """Mostly one of these; else any of the kind, or none that is there."""
        others = [*(each.id for each in self._picture.of(kind)), "nobody"]
        return self.one_of([each.id for each in found]) if found and not self.chance(20) else self.one_of(others)

    # What there is to order on.

    def contacts(self) -> list[Document]:
        return self.own("contacts")

    def lines(self) -> list[Document]:
        return [each for each in self.own("connections", consumed=True) if each.live]

    def bundles(self) -> list[Document]:
        return [each for each in self.own("connections") if each["mode"] != "standalone" and each.live]

    def functions(self) -> list[Document]:
        return [each for each in self.own("routing-functions", consumed=True) if each.live]

    def groups(self) -> list[Document]:
        return [each for each in self.own("network-services") if each["type"] in ("p2mp_vc", "mp2mp_vc") and each.live]

    def peerings(self) -> list[Document]:
        return [each for each in self.own("network-service-configs") if each["type"] == "exchange_lan" and each.live]

    def services(self, type_: str) -> list[Document]:
        """Services of a type that the account can have a config on; of circuits, those with a side left."""
        return [
            each
            for each in self._picture.of("network-services")
            if each["type"] == type_ and each.live and self._may_join(each) and self._has_room(each)
        ]

    # One method for each kind.

    def account(self) -> Body:
        return {
            "name": self.one_of(("Branch", "Client", "Übersee")),
            "address": ADDRESS,
            "discoverable": self.chance(4),
            **({"managing_account": self._who} if self.chance(2) else {}),
            **({"billing_information": BILLING} if self.chance(2) else {}),
        }

    def contact(self) -> Body:
        telephone = self.one_of(("+353 20 912 2000", None, "+353209122001"))
        return {
            "name": "Desk",
            "email": self.one_of(("noc@example.net", None)),
            "telephone": telephone,
            **self.owners(),
        }

    def role_assignment(self) -> Body:
        return {
            "role": self.one_of(("role-noc", "role-peering", "role-legal")),
            "contact": self.any_id(self.contacts(), "contacts"),
        }

    def mac(self) -> Body:
        validity: Body = {}
        if self.chance(3):
            begins = self._now + timedelta(days=self.one_of((-1, 1, 20)))
            validity["valid_not_before"] = begins.isoformat()
        if self.chance(3):
            validity["valid_not_after"] = (self._now + timedelta(days=self.one_of((30, 3, -1)))).isoformat()
        number = self._draw(st.integers(0, 15))
        return {"address": f"02:00:5E:10:00:{number:02x}", **validity, **self.owners()}

    def ip(self) -> Body:
        address = self.one_of(_PREFIXES)
        length = 32 if address.startswith("10.") else self.one_of((30, 32, 24))
        return {"version": 4, "address": address, "prefix_length": length, **self.owners()}

    def connection(self) -> Body:
        quantity = self.one_of((1, 1, 2, 2, 3)) if not self.chance(10) else 5
        mode = self.one_of(("lag_lacp", "lag_static")) if quantity > 1 or self.chance(3) else "standalone"
        offering = self.one_of(("port-10g", "port-10g", "port-10g-exchange"))
        demarcs = {"subscriber_side_demarcs": ["cage 7"]} if offering == "port-10g-exchange" else {}
        return {
            "mode": mode,
            "product_offering": offering,
            "port_quantity": quantity,
            **demarcs,
            **self._staff(),
            **self.owners(),
            **self.references(),
        }

    def reservation(self) -> Body:
        return {
            "connection": self.any_id(self.bundles(), "connections"),
            "subscriber_side_demarc": "cage 8",
            **({"cross_connect_id": "XC 1"} if self.chance(2) else {}),
        }

    def service(self, type_: str) -> Body:
        offerings = {
            "p2p_vc": ("circuit-1g", "circuit-5g", "fixed-circuit"),
            "p2mp_vc": ("rooted",),
            "mp2mp_vc": ("closed-group", "guarded-group"),
            "cloud_vc": ("nimbus", "stratus"),
        }
        body: Body = {"type": type_, "product_offering": self.one_of(offerings[type_])}
        if type_ == "p2p_vc":
            body["joining_member_account"] = self.one_of(PLAYERS)
        elif type_ == "cloud_vc":
            bought = body["product_offering"] == "stratus"
            body["cloud_key"] = self.one_of(self._cloud_keys) if bought else "123456789012"
            body["capacity"] = 500 if bought else self.one_of((None, 500, 1000))
        else:
            body |= {"display_name": "Ours", "public": self.chance(3)}
        if type_ == "mp2mp_vc" and self.chance(2):
            body["subnet_v4"] = self.one_of(("10.1.0.0/28", "10.1.0.0/24", "10.1.0.4/30"))
        return {**body, **self.owners(), **self.references()}

    def rule(self) -> Body:
        service = self.any_id(self.groups(), "network-services")
        found = self._picture.documents.get(service)
        body: Body = {
            "type": self.one_of(("allow", "allow", "deny")),
            "network_service": service,
            "managing_account": found["managing_account"] if found else self._who,
            "consuming_account": self.one_of([each for each in PLAYERS if each != self._who]),
        }
        if body["type"] == "allow":
            body |= {"capacity_min": self.one_of((None, 100)), "capacity_max": self.one_of((None, 1000, 400))}
        return body

    def config(self, type_: str) -> Body:
        """A config on a connection."""
        service = self.any_id(self.services(type_), "network-services")
        body: Body = {
            "type": type_,
            "network_service": service,
            "connection": self.any_id(self.lines(), "connections"),
            "vlan_config": self.vlan_config(),
            "capacity": self.capacity(),
            **self._specials(type_, service),
            **self._staff(),
            **self.owners(),
            **self.references(),
        }
        macs = [each.id for each in self.own("macs", consumed=True)]
        if macs and not self.chance(4):
            body["macs"] = [self.one_of(macs)]
        return body

    def leg(self, type_: str = "exchange_lan") -> Body:
        """A config on a routing function."""
        l3_config: Body = {}
        if self.chance(2):
            l3_config = {"bgp_neighbor_address": "192.0.2.20", "bgp_neighbor_asn": 64497, "bgp_password": "secret"}
        service = self.any_id(self.services(type_), "network-services")
        return {
            "type": type_,
            "network_service": service,
            "routing_function": self.any_id(self.functions(), "routing-functions"),
            "l3_config": l3_config if type_ == "exchange_lan" else {},
            "capacity": self.capacity(),
            **self._specials(type_, service),
            **self.owners(),
        }

    def session(self) -> Body:
        named = self.any_id(self.peerings(), "network-service-configs")
        config = self._picture.documents.get(named)
        ips = (config["ips"] if config else None) or ["nobody"]
        return {
            "type": "route_server",
            "network_feature": self.one_of(("rs1", "rs2")),
            "network_service_config": named,
            "asn": self.one_of((config["asns"] if config else None) or ASNS),
            "as_set_v4": "AS-EXAMPLE@RIPE",
            "session_mode": "public",
            "bgp_session_type": self.one_of(("passive", "active")),
            "password": self.one_of(("", "secret")),
            "ip": self.one_of(ips),
            **self._staff(),
            **self.owners(),
        }

    def routing_function(self) -> Body:
        capacity = self.one_of((None, 1000, 5000))
        return {"product_offering": "routing", "asn": self.one_of(ASNS), "capacity": capacity, **self.owners()}

    def change_request(self) -> Body:
        offering = self.one_of(("circuit-5g", "circuit-1g", "fixed-circuit"))
        return {"product_offering": offering, "capacity": self.one_of((None, 500, 1000, 2000))}

    def change(self, document: Document) -> Body:
        """Some members of a PATCH that could make sense."""
        possible = self._list_changes(document)
        chosen = self._draw(st.lists(st.sampled_from(sorted(possible)), min_size=1, max_size=2, unique=True))
        body = {name: possible[name] for name in chosen}
        if document.kind not in ("accounts", "port-reservations", "member-joining-rules") and self.chance(8):
            body |= self.owners()
        if document.kind not in ("contacts", "ips", "accounts", "network-feature-configs") and self.chance(6):
            body |= {"external_ref": "changed"}
        return self.spoilt(body)

    def vlan_config(self) -> Body:
        tag = self.one_of((None, None, 2, 3, 100, 101))
        match self._draw(st.integers(0, 9)):
            case 9:
                return {"vlan_type": "port"}
            case 7 | 8:
                return {"vlan_type": "qinq", "outer_vlan": tag, "inner_vlan": self.one_of((5, 6))}
            case _:
                return {"vlan_type": "dot1q", "vlan": tag}

    def capacity(self) -> int | None:
        found: int | None = self.one_of((None, 100, 500, 1000, 3000))
        return found

    def day(self) -> str | None:
        """A wish for the day of disconnection."""
        days: int | None = self.one_of((None, None, 2, 10, 40, 0, -3))
        return None if days is None else (self._now + timedelta(days=days)).date().isoformat()

    def _list_changes(self, document: Document) -> Body:
        """Values that members of a kind could be given."""
        match document.kind:
            case "accounts":
                return {"name": "Renamed", "discoverable": self.chance(2), "legal_name": "Example Ltd"}
            case "connections":
                return {
                    "mode": self.one_of(("lag_lacp", "lag_static", "standalone")),
                    "lacp_timeout": self.one_of((None, "fast", "slow")),
                    "product_offering": self.one_of(("port-10g", "port-10g-exchange")),
                }
            case "contacts":
                return {"email": self.one_of(("peering@example.net", None)), "telephone": "+353209122002"}
            case "ips":
                return {"fqdn": self.one_of(("router.example.net", None)), "prefix_length": self.one_of((32, 31))}
            case "member-joining-rules":
                return self._change_of_rule(document)
            case "network-feature-configs":
                return {
                    "password": self.one_of(("", "other")),
                    "as_set_v4": "AS-OTHER@RIPE",
                    "max_prefix_v4": 10,
                    "bgp_session_type": self.one_of(("passive", "active")),
                    "asn": self.one_of(ASNS),
                }
            case "network-service-configs":
                return self._change_of_config(document)
            case "network-services":
                return self._change_of_service(document)
            case "port-reservations":
                return {"cross_connect_id": "XC 2", "connecting_party": "Example Datacentres"}
            case "routing-functions":
                return {"asn": self.one_of(ASNS), "capacity": self.one_of((None, 2000, 500))}
            case _:
                raise AssertionError(f"{document.kind} cannot be changed")

    def _may_join(self, service: Document) -> bool:
        tree = self._picture.tree(self._who)
        return (
            service["type"] == "exchange_lan"
            or bool(service["public"])
            or self._picture.owns(self._who, service)
            or service["joining_member_account"] in tree
            or any(
                rule["consuming_account"] in tree and rule["type"] == "allow"
                for rule in self._picture.users("member-joining-rules", "network_service", service.id)
            )
        )

    def _has_room(self, service: Document) -> bool:
        configs = self._picture.users("network-service-configs", "network_service", service.id)
        taken = [each["consuming_account"] for each in configs if not each.meta.get("released")]
        return service["type"] != "p2p_vc" or (len(taken) < 2 and self._who not in taken)

    def _specials(self, type_: str, service: str) -> Body:
        """What only configs on one type of service have."""
        match type_:
            case "exchange_lan":
                return {
                    "product_offering": "peering",
                    "asns": [self.one_of(ASNS)],
                    "listed": self.chance(2),
                    **({"consumer_side_ready": self.chance(2)} if self.chance(4) else {}),
                }
            case "p2p_vc":
                return {"product_offering": "circuit-side"} if self.chance(3) else {}
            case "cloud_vc":
                body: Body = {"handover": self.one_of((1, 2)), "capacity": None}
                found = self._picture.documents.get(service)
                if found is not None and found["product_offering"] == "stratus":
                    body["cloud_config"] = {"vlan": self.one_of((101, 102)), "peering_type": "private"}
                return body
            case "p2mp_vc":
                return {"role": self.one_of(("root", "leaf", None))}
            case "mp2mp_vc":
                hosts = [each.id for each in self.own("ips", consumed=True) if each["prefix_length"] == 32]
                return {"asns": [], **({"ips": [self.one_of(hosts)]} if hosts and self.chance(2) else {})}
            case _:
                return {}

    def _change_of_config(self, config: Document) -> Body:
        body: Body = {"capacity": self.capacity(), "external_ref": "changed"}
        if config["connection"] is not None:
            macs = [each.id for each in self.own("macs", consumed=True)]
            connections = [each.id for each in self.own("connections", consumed=True) if each.live]
            body |= {"vlan_config": self.vlan_config()}
            body |= {"macs": self._draw(st.lists(st.sampled_from(macs), max_size=2, unique=True))} if macs else {}
            body |= {"connection": self.one_of(connections)} if connections else {}
        else:
            body |= {"l3_config": {"local_asn": self.one_of(ASNS)}}
        match config["type"]:
            case "exchange_lan":
                body |= {"asns": self._draw(st.lists(st.sampled_from(ASNS), min_size=1, max_size=2, unique=True))}
                body |= {"consumer_side_ready": self.one_of((True, False, None)), "listed": self.chance(2)}
            case "cloud_vc":
                body |= {"handover": self.one_of((1, 2))}
            case "p2mp_vc":
                body |= {"role": self.one_of(("root", "leaf"))}
            case "mp2mp_vc":
                hosts = [each.id for each in self.own("ips", consumed=True) if each["prefix_length"] == 32]
                body |= {"ips": self._draw(st.lists(st.sampled_from(hosts), max_size=1))} if hosts else {}
        return body

    def _change_of_service(self, service: Document) -> Body:
        body: Body = {"display_name": "Changed", "purchase_order": "PO 2"}
        match service["type"]:
            case "p2p_vc":
                body |= {
                    "product_offering": self.one_of(("circuit-1g", "circuit-5g", "fixed-circuit")),
                    "joining_member_account": self.one_of(PLAYERS),
                }
            case "cloud_vc":
                body = {"capacity": self.one_of((None, 500, 2000)), "purchase_order": "PO 2"}
            case "p2mp_vc":
                body |= {"public": self.chance(2)}
            case "mp2mp_vc":
                body |= {"public": self.chance(2), "subnet_v4": self.one_of((None, "10.1.0.0/28"))}
                body |= {"product_offering": self.one_of(("closed-group", "guarded-group"))}
        return body

    def _change_of_rule(self, rule: Document) -> Body:
        body: Body = {"consuming_account": self.one_of([each for each in PLAYERS if each != self._who])}
        if rule["type"] == "allow":
            body |= {"capacity_max": self.one_of((None, 2000, 200)), "capacity_min": self.one_of((None, 100))}
        return body

    def _staff(self) -> Body:
        assignments = [each.id for each in self.own("role-assignments", consumed=True)]
        return {"role_assignments": [self.one_of(assignments)]} if assignments and self.chance(3) else {}
