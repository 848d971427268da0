from typing import Any

import pytest

from peerhall.exchange.lifecycle import Network, Phase
from peerhall.exchange.records import Record
from peerhall.provisioning.driver import Action, Device, RefusedFault, Step, TransientFault, Waiting
from peerhall.provisioning.reports import Outcome, report

KEY = "attachment/config"
DONE = Outcome()
NOTHING = Network()
IN_PLACE = Network(present=True, configured=True)


def told(
    phase: Phase,
    *steps: tuple[Action, Outcome],
    known: Network = NOTHING,
    there: bool = False,
    as_wanted: bool = False,
) -> Network:
    """What is known of a config after a look at its device, where it is or is not, and these steps."""
    order = Record("config", "network-service-configs", {}, {"phase": phase.value})
    taken = [(Step(action, Device("switch", "sw1"), KEY, "config", {}, None), outcome) for action, outcome in steps]
    return report(order, known, {KEY} if as_wanted else (), {KEY} if there else (), taken)


def test_what_was_put_there_is_there_as_it_should_be() -> None:
    assert told(Phase.BUILDING, ("put", DONE)) == IN_PLACE
    assert told(Phase.BUILDING, there=True, as_wanted=True) == IN_PLACE


@pytest.mark.parametrize(
    ("outcome", "told_of"),
    [
        (Outcome(waiting=Waiting(ticket="T1")), {"ticket": "T1"}),
        (Outcome(waiting=Waiting()), {}),
        (Outcome(fault=TransientFault("no answer", "log 1")), {"fault": "transient", "reference": "log 1"}),
        (Outcome(fault=RefusedFault("no such VLAN")), {"fault": "refused", "reference": "no such VLAN"}),
    ],
)
def test_what_was_tried_may_be_there_but_is_not_as_it_should_be(outcome: Outcome, told_of: dict[str, Any]) -> None:
    assert told(Phase.BUILDING, ("put", outcome)) == Network(present=True, **told_of)


def test_a_test_counts_once_it_was_passed_and_for_what_is_in_place() -> None:
    assert told(Phase.TESTING, ("test", DONE), there=True, as_wanted=True).tested
    assert told(Phase.LIVE, known=Network(True, True, True), there=True, as_wanted=True).tested
    assert not told(Phase.TESTING, known=Network(True, True, True), there=True).tested
    found = told(Phase.TESTING, ("test", Outcome(findings="no ARP answer")), there=True, as_wanted=True)
    assert (found.tested, found.findings, found.configured) == (False, "no ARP answer", True)


def test_what_is_on_its_way_out_is_gone_once_it_was_removed_or_not_seen() -> None:
    assert told(Phase.REMOVING, ("remove", DONE), known=IN_PLACE, there=True) == NOTHING
    assert told(Phase.REMOVING, known=IN_PLACE) == NOTHING
    assert told(Phase.REMOVING, known=IN_PLACE, there=True) == Network(present=True)
    waiting = told(Phase.CANCELLED, ("remove", Outcome(waiting=Waiting(ticket="T2"))), known=IN_PLACE, there=True)
    assert waiting == Network(present=True, ticket="T2")


def test_what_was_meant_to_be_there_is_not_given_up_because_it_is_not_seen() -> None:
    assert told(Phase.BUILDING, known=Network(present=True)).present
    assert not told(Phase.BUILDING).present


@pytest.mark.parametrize(("fault", "kept"), [("refused", True), ("broken", True), ("transient", False)])
def test_a_fault_that_somebody_has_to_mend_stays_until_there_is_another_try(fault: str, kept: bool) -> None:
    known = Network(present=True, fault=fault, reference="log 1")
    assert (told(Phase.BUILDING, known=known).fault == fault) == kept
    assert told(Phase.BUILDING, ("put", DONE), known=known) == IN_PLACE


@pytest.mark.parametrize("fault", ["refused", "broken"])
def test_a_fault_is_no_longer_known_of_what_turns_out_to_be_as_it_should_be(fault: str) -> None:
    known = Network(present=True, fault=fault, reference="log 1")
    assert told(Phase.BUILDING, known=known, there=True, as_wanted=True) == IN_PLACE
    assert told(Phase.REMOVING, known=known) == NOTHING
    assert told(Phase.REMOVING, known=known, there=True).fault == fault
    testing = told(Phase.TESTING, known=known, there=True, as_wanted=True)
    assert testing.fault == fault, "that it is in place does not say that it has passed its test"


def test_a_ticket_is_known_only_while_somebody_is_at_work() -> None:
    assert told(Phase.BUILDING, known=Network(present=True, ticket="T1"), there=True, as_wanted=True) == IN_PLACE
