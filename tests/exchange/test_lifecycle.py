from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerhall.contract.vocabulary import STATES
from peerhall.exchange.lifecycle import (
    BEFORE_PRODUCTION,
    ENDING,
    IN_PRODUCTION,
    LIVE_STATES,
    MOVES,
    PROVIDERS,
    USABLE_STATES,
    WANTED_IN_NETWORK,
    Circumstances,
    Network,
    Phase,
    decide_notes,
    decide_phase,
    decide_state,
    outdated,
    phase_of,
    with_network,
    with_outdated,
    with_phase,
)
from peerhall.exchange.records import Record
from peerhall.exchange.statuses import asn_unverified, consumer_side_not_ready, decommission_scheduled, mac_missing

NOTHING = Network()
CONFIGURED = Network(present=True, configured=True)
FREE = Circumstances()

NETWORKS = st.builds(
    Network,
    present=st.booleans(),
    configured=st.booleans(),
    tested=st.booleans(),
    ticket=st.none() | st.just("T1"),
    fault=st.sampled_from([None, "transient", "refused", "broken"]),
    reference=st.none() | st.just("R1"),
    findings=st.none() | st.just("no ARP answer"),
)
CIRCUMSTANCES = st.builds(
    Circumstances,
    missing=st.sampled_from([(), (mac_missing(),), (asn_unverified(64496),), (mac_missing(), asn_unverified(64496))]),
    holding=st.sampled_from([(), (consumer_side_not_ready(),)]),
    tested=st.booleans(),
    due=st.booleans(),
    remarks=st.sampled_from([(), (decommission_scheduled("2026-10-01", None),)]),
)
PHASES = st.sampled_from(list(Phase))


def test_every_order_can_end_and_none_starts_again() -> None:
    assert MOVES.keys() == set(Phase)
    for phase in Phase:
        after = reachable(phase)
        assert phase is Phase.ARCHIVED or Phase.ARCHIVED in after
        assert phase not in after or phase in (*IN_PRODUCTION, Phase.LEAVING), "but for a cancellation taken back"
    assert reachable(Phase.RESERVING) == set(Phase) - {Phase.RESERVING}


def test_phases_are_before_or_in_production_or_ending() -> None:
    assert sorted([*BEFORE_PRODUCTION, *IN_PRODUCTION, *ENDING], key=str) == sorted(Phase, key=str)
    assert USABLE_STATES < LIVE_STATES < STATES


@pytest.mark.parametrize(
    ("phase", "network", "circumstances", "reached"),
    [
        (Phase.RESERVING, NOTHING, Circumstances(missing=[mac_missing()]), Phase.RESERVING),
        (Phase.RESERVING, NOTHING, FREE, Phase.BUILDING),
        (Phase.BUILDING, NOTHING, FREE, Phase.BUILDING),
        (Phase.BUILDING, CONFIGURED, FREE, Phase.LIVE),
        (Phase.BUILDING, CONFIGURED, Circumstances(tested=True), Phase.TESTING),
        (Phase.BUILDING, CONFIGURED, Circumstances(holding=[consumer_side_not_ready()]), Phase.BUILDING),
        (Phase.TESTING, CONFIGURED, FREE, Phase.TESTING),
        (Phase.TESTING, Network(present=True, configured=True, tested=True), FREE, Phase.LIVE),
        (Phase.LIVE, NOTHING, FREE, Phase.LIVE),
        (Phase.CHANGING, NOTHING, FREE, Phase.CHANGING),
        (Phase.CHANGING, CONFIGURED, FREE, Phase.LIVE),
        (Phase.CHANGING, CONFIGURED, Circumstances(holding=[asn_unverified(64496)]), Phase.CHANGING),
        (Phase.LEAVING, CONFIGURED, FREE, Phase.LEAVING),
        (Phase.LEAVING, CONFIGURED, Circumstances(due=True), Phase.REMOVING),
        (Phase.REMOVING, CONFIGURED, FREE, Phase.REMOVING),
        (Phase.REMOVING, NOTHING, FREE, Phase.GONE),
        (Phase.CANCELLED, NOTHING, FREE, Phase.CANCELLED),
        (Phase.GONE, NOTHING, FREE, Phase.GONE),
    ],
)
def test_an_order_goes_as_far_as_nothing_keeps_it_from(
    phase: Phase, network: Network, circumstances: Circumstances, reached: Phase
) -> None:
    assert decide_phase(phase, network, circumstances) is reached


@given(PHASES, NETWORKS, CIRCUMSTANCES)
def test_decisions_move_along_the_table_and_come_to_rest(
    phase: Phase, network: Network, circumstances: Circumstances
) -> None:
    for _ in Phase:
        reached = decide_phase(phase, network, circumstances)
        if reached is phase:
            return
        assert reached in MOVES[phase]
        phase = reached
    pytest.fail("it never comes to rest")


@given(PHASES, NETWORKS, CIRCUMSTANCES)
def test_a_state_is_one_of_the_standards_and_every_operator_or_error_is_explained(
    phase: Phase, network: Network, circumstances: Circumstances
) -> None:
    state = decide_state(phase, network, circumstances)
    notes = decide_notes(phase, network, circumstances)
    assert state in STATES
    if state in ("operator", "error"):
        assert phase in BEFORE_PRODUCTION
        assert any(note.for_operator for note in notes)
    if state == "requested":
        assert not circumstances.missing or any(not note.for_operator for note in notes)


@pytest.mark.parametrize(
    ("phase", "network", "circumstances", "state"),
    [
        (Phase.RESERVING, NOTHING, Circumstances(missing=[mac_missing(), asn_unverified(64496)]), "requested"),
        (Phase.RESERVING, NOTHING, Circumstances(missing=[asn_unverified(64496)]), "operator"),
        (Phase.BUILDING, NOTHING, FREE, "allocated"),
        (Phase.BUILDING, Network(ticket="T1"), FREE, "operator"),
        (Phase.BUILDING, Network(fault="transient"), FREE, "allocated"),
        (Phase.BUILDING, Network(fault="refused"), FREE, "error"),
        (Phase.TESTING, Network(fault="broken", ticket="T1"), FREE, "error"),
        (Phase.LIVE, Network(fault="refused"), FREE, "production"),
        (Phase.CHANGING, Network(ticket="T1"), FREE, "production_change_pending"),
        (Phase.REMOVING, CONFIGURED, FREE, "decommission_requested"),
        (Phase.CANCELLED, CONFIGURED, FREE, "cancelled"),
    ],
)
def test_the_state_tells_what_is_in_the_way_of_what_is_not_yet_in_use(
    phase: Phase, network: Network, circumstances: Circumstances, state: str
) -> None:
    assert decide_state(phase, network, circumstances) == state


def test_notes_tell_of_the_present_only() -> None:
    circumstances = Circumstances(missing=[mac_missing()], holding=[consumer_side_not_ready()])
    assert tags(Phase.RESERVING, NOTHING, circumstances) == ["mac_missing"]
    assert tags(Phase.BUILDING, NOTHING, circumstances) == []
    assert tags(Phase.BUILDING, CONFIGURED, circumstances) == ["consumer_side_not_ready"]
    assert tags(Phase.CHANGING, NOTHING, circumstances) == ["consumer_side_not_ready"]
    assert tags(Phase.LIVE, CONFIGURED, circumstances) == []
    broken = Network(ticket="T1", findings="no ARP answer", fault="transient", reference="R1")
    assert tags(Phase.TESTING, broken, FREE) == ["manual_step", "test_failed", "provisioning_delayed"]
    assert tags(Phase.GONE, broken, FREE) == []


def test_a_move_that_is_not_in_the_table_is_our_mistake() -> None:
    with pytest.raises(AssertionError, match="cannot move from gone to live"):
        with_phase(Record("a", "ports", {}, {"phase": "gone"}), Phase.LIVE)
    live = Record("a", "ports", {}, {"phase": "live"})
    assert phase_of(with_phase(live, Phase.LIVE)) is Phase.LIVE
    assert phase_of(with_phase(live, Phase.LEAVING)) is Phase.LEAVING


@pytest.mark.parametrize(
    ("state", "phase"),
    [("production", Phase.LIVE), ("requested", Phase.RESERVING), ("decommissioned", Phase.GONE), ("", Phase.LIVE)],
)
def test_what_came_from_outside_is_where_its_state_says(state: str, phase: Phase) -> None:
    assert phase_of(Record("a", "ports", {"state": state})) is phase


@given(NETWORKS)
def test_what_is_known_of_the_network_is_kept_with_the_object(network: Network) -> None:
    assert Network.of(with_network(Record("a", "ports", {}), network)) == network


def test_nothing_is_kept_of_what_is_not_in_the_network() -> None:
    assert "network" not in with_network(Record("a", "ports", {}, {"network": {"present": True}}), NOTHING).meta


def test_after_a_change_all_that_is_left_known_is_the_presence_and_what_it_is_called() -> None:
    known = Network(True, True, True, "T1", "refused", "R1", "no ARP answer", "dxcon-1")
    assert all(getattr(known, field.name) for field in fields(known))
    assert outdated(known) == Network(present=True, called="dxcon-1")


def test_of_two_sides_the_worse_one_counts() -> None:
    good, bad = Network(True, True), Network(True, fault="refused", reference="R1")
    assert good.joined(bad) == bad.joined(good) == Network(True, False, fault="refused", reference="R1")
    assert good.joined(good) == good
    assert Network().joined(good) == Network(present=True)
    assert Network(ticket="T1").joined(Network(ticket="T2")).ticket == "T1"


def test_what_is_known_of_one_side_is_not_known_of_the_other() -> None:
    record = with_network(Record("a", "network-service-configs", {}, {}), Network(True, True), PROVIDERS)
    assert (Network.of(record), Network.of(record, PROVIDERS)) == (Network(), Network(True, True))
    assert Network.of(with_outdated(record), PROVIDERS) == Network(present=True)


def test_what_is_on_its_way_out_is_wanted_until_its_day() -> None:
    assert Phase.LEAVING in WANTED_IN_NETWORK
    assert not WANTED_IN_NETWORK & {Phase.RESERVING, Phase.REMOVING, Phase.GONE, Phase.CANCELLED, Phase.ARCHIVED}


def reachable(phase: Phase) -> set[Phase]:
    found: set[Phase] = set()
    ahead = [phase]
    while ahead:
        for following in MOVES[ahead.pop()] - found:
            found.add(following)
            ahead.append(following)
    return found


def tags(phase: Phase, network: Network, circumstances: Circumstances) -> list[str]:
    return [note.tag for note in decide_notes(phase, network, circumstances)]
