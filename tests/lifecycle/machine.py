"""The state machine: what four accounts, the exchange's people, the network and the clock do, in any order.

After each step all invariants are looked at. To add a type of service, add a rule that orders its configs, and what it
takes to `bodies`.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from peerhall.provisioning.driver import BrokenFault, RefusedFault, TestFailed, TransientFault
from tests.lifecycle.bodies import Drawer
from tests.lifecycle.claims import check_claims
from tests.lifecycle.computed import check_computed
from tests.lifecycle.counter import MANNERS, Desk
from tests.lifecycle.exchange import PLAYERS, STRANGER
from tests.lifecycle.network import check_network
from tests.lifecycle.picture import OVER, Document
from tests.lifecycle.references import check_references
from tests.lifecycle.settled import settle_in
from tests.lifecycle.sight import LISTED, Watch, what_is_seen
from tests.lifecycle.stage import OPERATOR, Stage
from tests.lifecycle.states import Follower

PERIODS: tuple[dict[str, int], ...] = (
    {"minutes": 1},
    {"minutes": 7},
    {"hours": 13},
    {"days": 2},
    {"days": 8},
    {"days": 40},
    {"days": 200},
)

CHANGEABLE = (
    "network-service-configs",
    "connections",
    "network-services",
    "network-feature-configs",
    "routing-functions",
    "port-reservations",
    "member-joining-rules",
    "contacts",
    "ips",
    "accounts",
)
CANCELLABLE = ("network-service-configs", "connections", "network-services", "port-reservations", "routing-functions")
ORDERED = (*CANCELLABLE, "network-feature-configs")
REMOVABLE = ("network-feature-configs", "macs", "member-joining-rules", "role-assignments", "contacts", "accounts")
KEPT = (*PLAYERS, STRANGER, "exchange", "lan")
"""What is there as long as the exchange is; closing or changing these is tried elsewhere."""
SERVICES = ("p2p_vc", "mp2mp_vc", "p2mp_vc", "cloud_vc")
BESIDE: dict[str, tuple[Callable[[Drawer], Any], Callable[[Drawer], Sequence[Document]] | None]] = {
    "macs": (Drawer.mac, None),
    "contacts": (Drawer.contact, None),
    "ips": (Drawer.ip, None),
    "role-assignments": (Drawer.role_assignment, Drawer.contacts),
    "accounts": (Drawer.account, None),
}
TURNED_DOWN = ("connections", "network-service-configs", "network-feature-configs", "routing-functions")
BEFORE_PRODUCTION = ("requested", "allocated", "testing", "error", "operator")
MISHAPS = (TransientFault("busy"), TestFailed("loop seen"), RefusedFault("no room", "N-1"), BrokenFault("oh", "B-1"))
PDF = b"%PDF-1.4\nA letter.\n%%EOF\n"

_HOSTILE_ODDS = 25


class Lifecycle(RuleBasedStateMachine):
    """One run, from an exchange nobody has ordered anything at, to one where all is over."""

    stage: Stage
    """Set by the test, as machines are made without arguments."""
    ids: random.Random
    steps = 0
    tally: Counter[tuple[str, str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.ids.seed(0)
        self.stage.begin()
        self.desk = Desk(self.stage)
        self.desk.begin()
        self.follower = Follower(self.stage)
        self.watch = Watch(self.stage)
        self.picture = self.stage.look()
        self.at_rest = False
        """Whether the network has followed all that was ordered, and all that time has brought."""
        self.undone = False
        """Whether a cancellation was taken back in this step."""
        self.sound = True
        """Whether the last step ended well; an end is not played after one that did not."""
        self.turn = 0

    # Orders.

    @initialize(settled=st.booleans())
    def begin(self, settled: bool) -> None:
        """On an exchange without members' orders, or on one where people have one of everything."""
        if settled:
            settle_in(self._place_plainly)
            self._come_to_rest()
            self.stage.close_tasks(accept=True)
            self._come_to_rest()

    @rule(data=st.data(), kind=st.sampled_from(tuple(BESIDE)))
    def register(self, data: Any, kind: str) -> None:
        """What orders need beside each other."""
        draw_body, find_ground = BESIDE[kind]
        self._order(data, f"{kind.replace('-', '_')}_create", draw_body, find_ground)

    @rule(data=st.data())
    def order_connection(self, data: Any) -> None:
        self._order(data, "connections_create", Drawer.connection)

    @precondition(lambda self: self.has("connections"))
    @rule(data=st.data())
    def order_port(self, data: Any) -> None:
        self._order(data, "port_reservations_create", Drawer.reservation, Drawer.bundles)

    @precondition(lambda self: self.has("connections"))
    @rule(data=st.data(), kind=st.sampled_from(("connections", "port-reservations")))
    def upload_letter(self, data: Any, kind: str) -> None:
        by_us = [each for each in self.picture.of("connections") if each["product_offering"] == "port-10g-exchange"]
        if kind == "port-reservations":
            by_us = [each for line in by_us for each in self.picture.users(kind, "connection", line.id)]
        if by_us:
            found = data.draw(st.sampled_from(by_us))
            content = data.draw(st.sampled_from((PDF, PDF, PDF, b"", b"MZ\x90\x00")))
            operation = f"{kind.replace('-', '_')}_loa_upload"
            self._place(data, self._orderer(data, found), operation, document=found.id, content=content)

    @rule(data=st.data(), type_=st.sampled_from(SERVICES))
    def order_service(self, data: Any, type_: str) -> None:
        self._order(data, "network_services_create", lambda drawer: drawer.service(type_))

    @precondition(lambda self: self.has("network-services", "p2mp_vc", "mp2mp_vc"))
    @rule(data=st.data())
    def make_rule(self, data: Any) -> None:
        self._order(data, "member_joining_rules_create", Drawer.rule, Drawer.groups)

    @precondition(lambda self: self.has("connections"))
    @rule(data=st.data())
    def order_peering(self, data: Any) -> None:
        self._order_config(data, "exchange_lan")

    @precondition(lambda self: self.has("connections") and self.has("network-services", "p2p_vc"))
    @rule(data=st.data())
    def order_side_of_circuit(self, data: Any) -> None:
        self._order_config(data, "p2p_vc")

    @precondition(lambda self: self.has("connections") and self.has("network-services", "p2mp_vc"))
    @rule(data=st.data())
    def join_rooted_group(self, data: Any) -> None:
        self._order_config(data, "p2mp_vc")

    @precondition(lambda self: self.has("connections") and self.has("network-services", "mp2mp_vc"))
    @rule(data=st.data())
    def join_closed_group(self, data: Any) -> None:
        self._order_config(data, "mp2mp_vc")

    @precondition(lambda self: self.has("connections") and self.has("network-services", "cloud_vc"))
    @rule(data=st.data())
    def use_cloud(self, data: Any) -> None:
        self._order_config(data, "cloud_vc")

    @precondition(lambda self: self.has("routing-functions"))
    @rule(data=st.data(), type_=st.sampled_from(("exchange_lan", *SERVICES)))
    def order_leg(self, data: Any, type_: str) -> None:
        self._order(
            data,
            "network_service_configs_create",
            lambda drawer: drawer.leg(type_),
            lambda drawer: drawer.functions() and drawer.services(type_),
        )

    @precondition(lambda self: self.has("network-service-configs", "exchange_lan"))
    @rule(data=st.data())
    def order_session(self, data: Any) -> None:
        self._order(data, "network_feature_configs_create", Drawer.session, Drawer.peerings)

    @rule(data=st.data())
    def order_routing_function(self, data: Any) -> None:
        self._order(data, "routing_functions_create", Drawer.routing_function)

    def has(self, kind: str, *types: str) -> bool:
        """Whether there is any of the kind, and of these types if they are named, that is neither leaving nor gone."""
        return any(each.live and (not types or each["type"] in types) for each in self.picture.of(kind))

    @precondition(lambda self: self.has("network-services", "p2p_vc"))
    @rule(data=st.data())
    def wish_for_change(self, data: Any) -> None:
        self._change_request(data, "network_service_change_request_create")

    @precondition(lambda self: any("change_request" in each.meta for each in self.picture.of("network-services")))
    @rule(data=st.data())
    def end_wish(self, data: Any) -> None:
        self._change_request(data, "network_service_change_request_destroy")

    # Changes.

    @rule(data=st.data())
    def change(self, data: Any) -> None:
        who, found = self._target(data, CHANGEABLE)
        if found is not None:
            body = self._drawer(data, who).change(found)
            self._place(data, who, f"{found.kind.replace('-', '_')}_partial_update", body, document=found.id)

    @rule(data=st.data())
    def put(self, data: Any) -> None:
        """Sends an object back as it was read, with a change or without."""
        who, found = self._target(data, [each for each in CHANGEABLE if each != "routing-functions"])
        if found is None:
            return
        seen = what_is_seen(self.picture, who, found)
        if seen is None:
            return
        drawer = self._drawer(data, who)
        change = drawer.change(found) if drawer.chance(2) else {}
        self._place(data, who, f"{found.kind.replace('-', '_')}_update", {**seen, **change}, document=found.id)

    # Leaving.

    @rule(data=st.data())
    def cancel(self, data: Any) -> None:
        who, found = self._target(data, CANCELLABLE)
        if found is None:
            return
        wished = self._drawer(data, who).day()
        body = {} if wished is None else {"decommission_at": wished}
        self._read_policy(who, found, wished)
        self._place(data, who, f"{found.kind.replace('-', '_')}_destroy", body, document=found.id)

    @rule(data=st.data())
    def remove(self, data: Any) -> None:
        who, found = self._target(data, REMOVABLE)
        if found is not None:
            self._place(data, who, f"{found.kind.replace('-', '_')}_destroy", document=found.id)

    @precondition(lambda self: any(each.state in ("decommissioned", "cancelled") for each in self.picture.of(*ORDERED)))
    @rule(data=st.data())
    def archive(self, data: Any) -> None:
        """Puts away something that is over."""
        over = [each for each in self.picture.of(*ORDERED) if each.state in ("decommissioned", "cancelled")]
        found = data.draw(st.sampled_from(over))
        self._place(data, self._manager(found), f"{found.kind.replace('-', '_')}_destroy", document=found.id)

    @precondition(lambda self: any(each.state == "decommission_requested" for each in self.picture.of(*ORDERED)))
    @rule(data=st.data())
    def undo(self, data: Any) -> None:
        leaving = [each for each in self.picture.of(*ORDERED) if each.state == "decommission_requested"]
        found = data.draw(st.sampled_from(leaving))
        self._begin()
        self.undone = self.desk.undo(self._manager(found), found.kind, found.id)
        self._after(data)

    @rule(data=st.data(), kind=st.sampled_from(LISTED))
    def peep(self, data: Any, kind: str) -> None:
        """Reads something by its id, whether one may see it or not."""
        found = [*self.picture.of(kind)]
        if found:
            document, viewer = data.draw(st.sampled_from(found)), data.draw(st.sampled_from((*PLAYERS, STRANGER)))
            answer = self.stage.request(viewer, "GET", f"/{kind}/{document.id}")
            seen = what_is_seen(self.picture, viewer, document)
            assert answer.status_code == (404 if seen is None else 200), (
                f"{viewer}, {kind} {document.id}: {answer.text}"
            )
            assert seen is None or answer.json() == seen

    # The exchange, the network, the clock.

    @rule(period=st.sampled_from(PERIODS))
    def let_time_pass(self, period: dict[str, int]) -> None:
        self._begin()
        self.stage.clock.turn(**period)

    @rule(rounds=st.integers(1, 4))
    def work(self, rounds: int) -> None:
        self._begin()
        self.stage.site.take_turns(rounds)

    @rule()
    def come_to_rest(self) -> None:
        self._begin()
        self._come_to_rest()

    @rule(data=st.data(), what=st.sampled_from(("fail", "fail", "cut off", "forget")))
    def disturb(self, data: Any, what: str) -> None:
        """The network has mishaps: steps fail, devices cannot be reached or come back empty."""
        self._begin()
        match what:
            case "fail":
                later = data.draw(st.integers(0, 2))
                self.stage.simulator.fail_next(*[None] * later, data.draw(st.sampled_from(MISHAPS)))
            case "cut off":
                device = data.draw(st.sampled_from(("switch", "switch-2", "rs1")))
                self.stage.set_reachable(device, device in self.stage.cut_off)
            case _:
                self.stage.simulator.forget()
                self.stage.site.look_again()

    @rule(data=st.data(), what=st.sampled_from(("accept", "accept", "refuse", "approve", "retry", "turn down")))
    def operate(self, data: Any, what: str) -> None:
        """What the exchange's people do: questions answered, plans approved, orders tried again or turned down."""
        self._begin()
        match what:
            case "accept" | "refuse":
                self.stage.close_tasks(what == "accept")
            case "approve":
                self.stage.approve_plans()
            case "retry":
                self.stage.retry_all()
            case _:
                waiting = [each for each in self.picture.of(*TURNED_DOWN) if each.state in BEFORE_PRODUCTION]
                if waiting:
                    self.stage.turn_down(data.draw(st.sampled_from(waiting)).id)
        self._after(data)

    # Invariants.

    @invariant()
    def all_is_well(self) -> None:
        self.sound = False
        type(self).steps += 1
        assert not self.stage.complaints.found, self.stage.complaints.found[0]
        self.desk.check_nothing_ordered()
        before, self.picture = self.picture, self.stage.look()
        calm = self.at_rest and not self.stage.cut_off and not self.stage.list_open_plans()
        check_references(self.stage, self.picture)
        check_claims(self.stage, self.picture, calm=calm)
        check_computed(self.stage, self.picture)
        self.follower.check(self.picture, undone=self.undone)
        self.undone = False
        if self.picture != before:
            viewers = (*PLAYERS, STRANGER)
            self.turn = (self.turn + 1) % len(viewers)
            self.watch.check(self.picture, viewers[self.turn])
        if calm:
            check_network(self.stage, self.picture)
        self.sound = True

    def teardown(self) -> None:
        """Everything is cancelled, and some months go by: nothing is left, in the network or of what is held."""
        for (operation, outcome), count in self.desk.tally.items():
            self.tally[operation, outcome] += count
        if self.sound:
            self._end()

    def _end(self) -> None:
        self._begin()
        for device in list(self.stage.cut_off):
            self.stage.set_reachable(device, True)
        self.stage.simulator.clear_mishaps()
        for kind in ("network-services", "network-service-configs", "connections", "routing-functions"):
            for document in [*self.stage.look().of(kind)]:
                if document.id != "lan":
                    self._cancel_as_operator(document.id)
        for _ in range(3):
            self.stage.clock.turn(days=300)
            self.stage.retry_all()
            self._come_to_rest()
            self.stage.approve_plans()
            self._come_to_rest()
        self.all_is_well()
        ordered = ("connections", "network-service-configs", "network-feature-configs", "network-services")
        for document in self.picture.of(*ordered, "port-reservations", "ports", "routing-functions"):
            assert document.state in OVER or document.id == "lan", f"{document.kind} {document.id} is {document.state}"
        assert self.stage.list_network() == {}, f"left over: {self.stage.list_network()}"
        left = self.stage.site.connection.execute(
            """select kind, holder from claim where released_at is null and kind not in ('pair', 'private')
               union all select 'vlan', holder from vlan_claim where released_at is null"""
        ).fetchall()
        assert left == [], f"still held: {left}"
        for viewer in (*PLAYERS, STRANGER):
            self.watch.check(self.picture, viewer)
        self.follower.check_players(self.picture)

    def _cancel_as_operator(self, document: str) -> None:
        found = self.stage.look().get(document)
        if found.state not in OVER:
            operation = f"{found.kind.replace('-', '_')}_destroy"
            answer = self.desk.place(self.picture, OPERATOR, operation, {}, document=document)
            assert answer is not None, f"{found.kind} {document}, which is {found.state}, cannot be cancelled"

    # How rules choose and act.

    def _order(
        self,
        data: Any,
        operation: str,
        draw_body: Callable[[Drawer], Any],
        find_ground: Callable[[Drawer], Sequence[Document]] | None = None,
    ) -> None:
        """An order by somebody who has something to order it on, where it takes that."""
        able = [who for who in PLAYERS if find_ground is None or find_ground(self._drawer(data, who))]
        if able:
            who = data.draw(st.sampled_from(able))
            drawer = self._drawer(data, who)
            self._place(data, who, operation, drawer.spoilt(draw_body(drawer)))

    def _order_config(self, data: Any, type_: str) -> None:
        self._order(
            data,
            "network_service_configs_create",
            lambda drawer: drawer.config(type_),
            lambda drawer: drawer.lines() and drawer.services(type_),
        )

    def _place(
        self,
        data: Any,
        who: str,
        operation: str,
        body: Any = None,
        *,
        document: str = "",
        content: bytes | None = None,
    ) -> None:
        self._begin()
        manner = data.draw(st.sampled_from(MANNERS))
        found = self.desk.place(self.picture, who, operation, body, document=document, manner=manner, content=content)
        event(f"{operation} {'refused' if found is None else 'accepted'}")
        self._after(data)

    def _place_plainly(self, who: str, operation: str, body: Any) -> Any:
        self._begin()
        placed = self.desk.place(self.picture, who, operation, body)
        assert placed is not None, f"{operation} by {who} was refused"
        return placed

    def _change_request(self, data: Any, operation: str) -> None:
        circuits = [each for each in self.picture.of("network-services") if each["type"] == "p2p_vc"]
        ready = [each for each in circuits if each.state in ("production", "production_change_pending")]
        if circuits:
            circuit = data.draw(st.sampled_from(ready or circuits))
            sides = (circuit["joining_member_account"], circuit["joining_member_account"], circuit["managing_account"])
            who = data.draw(st.sampled_from([each for each in sides if each in PLAYERS] or PLAYERS))
            body = self._drawer(data, who).change_request() if operation.endswith("create") else None
            self._place(data, who, operation, body, document=circuit.id)

    def _read_policy(self, who: str, found: Document, wished: str | None) -> None:
        """Asking what leaving would come to changes nothing."""
        query = "" if wished is None else f"?decommission_at={wished}"
        answer = self.stage.request(who, "GET", f"/{found.kind}/{found.id}/cancellation-policy{query}")
        seen = what_is_seen(self.picture, who, found)
        expected = (200, 400) if seen is not None and seen.keys() == found.body.keys() else (404,)
        assert answer.status_code in expected, answer.text
        self.desk.check_nothing_ordered()

    def _begin(self) -> None:
        """Something is about to happen."""
        self.at_rest = self.sound = False

    def _after(self, data: Any) -> None:
        """The network follows at once, or later."""
        if data.draw(st.booleans()):
            self._come_to_rest()

    def _come_to_rest(self) -> None:
        self.stage.come_to_rest()
        self.at_rest = True

    def _drawer(self, data: Any, who: str) -> Drawer:
        return Drawer(data.draw, self.picture, who, self.stage.clock(), self.stage.cloud_keys)

    def _target(self, data: Any, kinds: Sequence[str]) -> tuple[str, Document | None]:
        """Something of one of these kinds, and mostly who manages it."""
        there = [each for each in self.picture.of(*kinds) if each.state not in OVER and each.id not in KEPT]
        found = sorted({each.kind for each in there}, key=kinds.index)
        if not found:
            return PLAYERS[0], None
        kind = data.draw(st.sampled_from(found))
        document = data.draw(st.sampled_from([each for each in there if each.kind == kind]))
        return self._orderer(data, document), document

    def _orderer(self, data: Any, document: Document) -> str:
        """Mostly who manages it."""
        foreign = data.draw(st.integers(0, _HOSTILE_ODDS - 1)) == _HOSTILE_ODDS - 1
        return str(data.draw(st.sampled_from(PLAYERS))) if foreign else self._manager(document)

    def _manager(self, document: Document) -> str:
        """A player who manages the document, if any does."""
        managing = document.id if document.kind == "accounts" else self.picture.owners(document)[0]
        return next((who for who in PLAYERS if managing in self.picture.tree(who)), PLAYERS[0])


def describe_tally(tally: Counter[tuple[str, str]]) -> str:
    """How many of each operation were accepted and refused, as a table."""
    lines = []
    for operation in sorted({operation for operation, _ in tally}):
        accepted, refused = tally[operation, "accepted"], tally[operation, "refused"]
        lines.append(f"{operation:48} {accepted:6} accepted {refused:6} refused")
    return "\n".join(lines)
