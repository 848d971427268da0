"""One client: an account that orders, changes, cancels and reads, one thing as soon as the other is answered."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from bench.orders.filling import Catalogue, Login
from bench.orders.ledger import Ledger, Sent
from bench.orders.line import Answer, Line
from bench.servers import ServerFailed

BASE_PATH: Final = "/api/v2"
CONFIGS: Final = "/network-service-configs"
SERVICES: Final = "/network-services"

_CUT: Final = 0.05
"""The share of new orders whose answer is thrown away, so that they have to be sent again."""
_LONGEST_WAIT: Final = 0.3
"""How long after its request a connection is cut at most, in seconds."""
_MOST: Final = 5
"""How many configs a client has at most on its own connection, and how many on shared ones."""
_CONTENDED_TAGS: Final = range(100, 124)
_SORTS: Final = {
    "macs": "MAC address",
    "connections": "connection",
    "network-services": "circuit",
    "network-feature-configs": "route server session",
}


@dataclass(slots=True)
class Config:
    """One of the configs a client has, and the MAC address it names."""

    id: str
    type: str
    shared: bool = False
    mac: str = ""


@dataclass(slots=True)
class _Belongings:
    configs: list[Config] = field(default_factory=list)
    circuits: list[str] = field(default_factory=list)
    connections: list[str] = field(default_factory=list)
    """Beside the first one."""
    macs: list[str] = field(default_factory=list)
    """No longer named by anything."""
    invitations: list[tuple[str, "Member"]] = field(default_factory=list)
    """Circuits that wait for this side, and whose they are."""
    declined: list[str] = field(default_factory=list)
    """Own circuits whose other side did not come."""


class Member:
    """A client in a loop. `shared` are the reseller's connections, on which it orders as `reseller`."""

    def __init__(self, number: int, login: Login, catalogue: Catalogue, ledger: Ledger) -> None:
        self._number = number
        self._login = login
        self._catalogue = catalogue
        self._ledger = ledger
        self._line = Line(0)
        self._random = random.Random(number)
        self._token = ""
        self._connection = ""
        self._has = _Belongings()
        self._registered = 0
        self.partner: Member = self
        self.reseller: Member | None = None
        self.shared: list[str] = []
        self.group = ""
        """The closed user group that everybody joins."""

    @property
    def account(self) -> str:
        return self._login.account

    async def log_in(self) -> None:
        body = {"api_key": self._login.key, "api_secret": self._login.secret}
        answer = await self._line.ask("POST", f"{BASE_PATH}/auth/token", {}, body)
        assert answer.status == 201, answer
        self._token = answer.body["access_token"]

    async def connect(self) -> str:
        """A connection of its own, in production."""
        body = {"mode": "standalone", "product_offering": self._catalogue.port, "port_quantity": 1}
        ordered = await self._order("POST", "/connections", body)
        self._require(ordered)
        state = ""
        while state != "production":
            await asyncio.sleep(2)
            state = (await self._read("one object", f"/connections/{ordered.document}"))["state"]
        self._connection = self._connection or ordered.document
        return ordered.document

    async def open_group(self) -> str:
        """A closed user group that anybody may join."""
        body = {"type": "mp2mp_vc", "product_offering": self._catalogue.group, "public": True, "display_name": "Ring"}
        ordered = await self._order("POST", SERVICES, body)
        self._require(ordered)
        return ordered.document

    def _require(self, ordered: Sent) -> None:
        if not ordered.accepted:
            raise ServerFailed(f"Nobody could settle in: {ordered.refused or self._ledger.wrong}")

    def dial(self, port: int) -> None:
        """From now on everything is asked at this port."""
        self._line.hang_up()
        self._line = Line(port)

    async def work(self, port: int, goes_on: Callable[[], bool]) -> None:
        """Orders and reads at this port, without a pause, for as long as `goes_on` says."""
        self.dial(port)
        while goes_on():
            await self._draw()()
            await self._look()
        self._line.hang_up()

    async def answer_invitations(self) -> None:
        """Completes the circuits that wait for this side."""
        while self._has.invitations:
            await self._complete_circuit()

    async def clear_up(self) -> None:
        """Ends the circuits that will never have two sides."""
        while self._has.declined:
            await self._cancel_circuit(self._has.declined.pop())
        self._line.hang_up()

    def _draw(self) -> Callable[[], Awaitable[None]]:
        """What comes next: whatever can be done at present, some of it more often than the rest."""
        own = [each for each in self._has.configs if not each.shared]
        choices: list[tuple[Callable[[], Awaitable[None]], int]] = [(self._register_mac, 1)]
        if len(own) < _MOST:
            choices += [(self._join_group, 3), (self._order_circuit, 2)]
            if not any(each.type == "exchange_lan" for each in own):
                choices.append((self._order_peering, 6))
        if self.reseller is not None and len(self._has.configs) - len(own) < _MOST:
            choices.append((self._order_shared, 8))
        if self._has.invitations:
            choices.append((self._complete_circuit, 12))
        if any(each.type != "p2p_vc" for each in self._has.configs):
            choices += [(self._change_capacity, 4), (self._cancel_config, 3)]
        if self._has.circuits or self._has.declined:
            choices.append((self._end_circuit, 1 + 3 * len(self._has.circuits)))
        if self._has.macs:
            choices.append((self._remove_mac, len(self._has.macs)))
        choices.append((self._give_back_connection if self._has.connections else self._order_connection, 1))
        actions = [action for action, _ in choices]
        return self._random.choices(actions, [weight for _, weight in choices])[0]

    async def _register_mac(self) -> None:
        self._has.macs.append((await self._order_mac()).document)

    async def _order_mac(self) -> Sent:
        self._registered += 1
        octets = (0x02 << 40 | self._number << 24 | self._registered).to_bytes(6)
        return await self._order("POST", "/macs", {"address": octets.hex(":")})

    async def _remove_mac(self) -> None:
        mac = self._has.macs.pop()
        await self._order("DELETE", f"/macs/{mac}", sort="MAC address removed")

    async def _order_peering(self) -> None:
        """A config on the LAN, and a session with its route server."""
        mac = await self._order_mac()
        asn = 4_200_000_000 + self._number
        body = {
            "type": "exchange_lan",
            "network_service": self._catalogue.lan,
            "product_offering": self._catalogue.peering,
            "asns": [asn],
            "macs": [mac.document],
        }
        config = await self._order_config("config on the LAN", body, mac=mac.document)
        if config is None:
            return
        [address, *_] = (await self._read("one object", f"{CONFIGS}/{config.id}"))["ips"]
        await self._order(
            "POST",
            "/network-feature-configs",
            {
                "type": "route_server",
                "network_feature": self._catalogue.route_server,
                "network_service_config": config.id,
                "asn": asn,
                "as_set_v4": "AS-EXAMPLE",
                "session_mode": "public",
                "bgp_session_type": "passive",
                "ip": address,
            },
        )

    async def _join_group(self) -> None:
        await self._order_config("config on the group", {"type": "mp2mp_vc", "network_service": self.group})

    async def _order_shared(self) -> None:
        """A VLAN on one of the reseller's connections, in its name, where others want the same tags."""
        assert self.reseller is not None
        owners = dict.fromkeys(("managing_account", "billing_account"), self.reseller.account)
        body = {"type": "mp2mp_vc", "network_service": self.group, **owners, "consuming_account": self.account}
        await self._order_config("config on a shared port", body, connection=self._random.choice(self.shared))

    async def _order_config(self, sort: str, body: Any, connection: str = "", mac: str = "") -> Config | None:
        """A config with a VLAN that the exchange picks, or with one that others may want as well."""
        tag = self._random.choice(_CONTENDED_TAGS) if connection and self._random.random() < 0.6 else None
        body = {
            **body,
            "connection": connection or self._connection,
            "vlan_config": {"vlan_type": "dot1q", "vlan": tag},
            "capacity": self._random.randrange(10, 100),
        }
        ordered = await self._order("POST", CONFIGS, body, sort, self.reseller if connection else None)
        if not ordered.accepted:
            if mac:
                self._has.macs.append(mac)
            return None
        config = Config(ordered.document, body["type"], bool(connection), mac)
        self._has.configs.append(config)
        return config

    async def _order_circuit(self) -> None:
        """A circuit to the partner, who is to complete it."""
        body = {
            "type": "p2p_vc",
            "product_offering": self._catalogue.circuit,
            "joining_member_account": self.partner.account,
        }
        service = await self._order("POST", SERVICES, body)
        if not service.accepted:
            return
        if await self._order_side(service.document):
            self._has.circuits.append(service.document)
            self.partner._has.invitations.append((service.document, self))  # noqa: SLF001
        else:
            self._has.declined.append(service.document)

    async def _complete_circuit(self) -> None:
        service, owner = self._has.invitations.pop(0)
        if service not in owner._has.circuits:  # noqa: SLF001
            return
        if not await self._order_side(service) and service in owner._has.circuits:  # noqa: SLF001
            owner._has.circuits.remove(service)  # noqa: SLF001
            owner._has.declined.append(service)  # noqa: SLF001

    async def _order_side(self, service: str) -> bool:
        """Whether one side of a circuit could be had; it goes with the circuit."""
        body = {
            "type": "p2p_vc",
            "network_service": service,
            "connection": self._connection,
            "vlan_config": {"vlan_type": "dot1q", "vlan": None},
            "capacity": 100,
        }
        return (await self._order("POST", CONFIGS, body, "side of a circuit")).accepted

    async def _end_circuit(self) -> None:
        if self._has.declined:
            await self._cancel_circuit(self._has.declined.pop())
        else:
            await self._cancel_circuit(self._has.circuits.pop(0))

    async def _cancel_circuit(self, service: str) -> None:
        await self._order("DELETE", f"{SERVICES}/{service}", sort="cancellation")

    async def _change_capacity(self) -> None:
        config = self._random.choice([each for each in self._has.configs if each.type != "p2p_vc"])
        body = {"type": config.type, "capacity": self._random.randrange(10, 2000 if config.shared else 1000)}
        by = self.reseller if config.shared else None
        await self._order("PATCH", f"{CONFIGS}/{config.id}", body, "change of capacity", by)

    async def _cancel_config(self) -> None:
        config = self._random.choice(self._has.configs)
        self._has.configs.remove(config)
        by = self.reseller if config.shared else None
        await self._order("DELETE", f"{CONFIGS}/{config.id}", None, "cancellation", by)
        if config.mac:
            self._has.macs.append(config.mac)

    async def _order_connection(self) -> None:
        """One of the few ports that are left."""
        body = {"mode": "standalone", "product_offering": self._catalogue.port, "port_quantity": 1}
        ordered = await self._order("POST", "/connections", body)
        if ordered.accepted:
            self._has.connections.append(ordered.document)

    async def _give_back_connection(self) -> None:
        await self._order("DELETE", f"/connections/{self._has.connections.pop()}", sort="cancellation")

    async def _look(self) -> None:
        """What a member's tool reads: one thing, or a list of its own."""
        if self._has.configs and self._random.random() < 0.5:
            await self._read("one object", f"{CONFIGS}/{self._random.choice(self._has.configs).id}")
        else:
            await self._read("list", self._random.choice((CONFIGS, "/connections", "/macs", "/ips", SERVICES)))

    async def _order(
        self, method: str, path: str, body: Any = None, sort: str = "", by: "Member | None" = None
    ) -> Sent:
        """Sends an order until it is settled, a new one always with the same key; now and then its answer is lost."""
        order = self._ledger.open(sort or _SORTS[path[1:]], path)
        headers = {"Authorization": f"Bearer {(by or self)._token}"}  # noqa: SLF001
        if method == "POST":
            headers["Idempotency-Key"] = str(UUID(int=self._random.getrandbits(128), version=4))
        while method == "POST" and self._random.random() < _CUT:
            order.cut += 1
            wait = self._random.uniform(0, _LONGEST_WAIT)
            await self._line.ask_and_hang_up(method, BASE_PATH + path, self._named(order, headers), body, wait)
        while not order.status:
            asked_at = time.perf_counter()
            answer = await self._ask(method, BASE_PATH + path, self._named(order, headers), body)
            if answer is None:
                return order
            self._ledger.time(order.sort, time.perf_counter() - asked_at)
            await self._take(order, method, path, answer)
        return order

    async def _take(self, order: Sent, method: str, path: str, answer: Answer) -> None:
        """What an answer means for an order: settled, or to be sent again."""
        if answer.status in (200, 201, 202):
            order.status = answer.status
            order.document = answer.body["id"] if method == "POST" else path.rsplit("/", 1)[-1]
        elif answer.status == 503 and answer.retry_after:
            order.busy += 1
            await asyncio.sleep(answer.retry_after * self._random.uniform(1, 1.5))
        elif answer.status == 409 and "still at work" in str(answer.body):
            await asyncio.sleep(0.05)
        else:
            order.status = answer.status
            order.refused = _sum_up(order.sort, answer.body)
            if answer.status != 400:
                self._ledger.wrong.append(f"{method} {path}: {answer.status} {answer.body}")

    async def _read(self, sort: str, path: str) -> Any:
        """What an object or a list says; what was accepted can be read at once, from whichever worker."""
        asked_at = time.perf_counter()
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = await self._ask("GET", BASE_PATH + path, headers, None)
        self._ledger.time(sort, time.perf_counter() - asked_at)
        self._ledger.reads += 1
        if answer is None or answer.status != 200:
            self._ledger.wrong.append(f"GET {path}: {answer and (answer.status, answer.body)}")
            return {"state": "", "ips": [""]}
        return answer.body

    async def _ask(self, method: str, path: str, headers: dict[str, str], body: Any) -> Answer | None:
        """An answer; None, which is wrong, where there is none."""
        try:
            return await self._line.ask(method, path, headers, body)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            self._ledger.wrong.append(f"{method} {path}: {error!r}")
            return None

    def _named(self, order: Sent, headers: dict[str, str]) -> dict[str, str]:
        request = self._ledger.next_request()
        order.requests.append(request)
        return {**headers, "X-Request-Id": request}


def _sum_up(sort: str, problem: Any) -> str:
    """Why an order was refused, without what is its own."""
    names = ", ".join(sorted({fault["name"].split(".")[0] for fault in problem.get("properties", ())}))
    return f"{sort}: {names or problem['title'].lower()}"
