from datetime import date
from typing import Any

import pytest

from peerhall.exchange.cancellation import HARMLESS, decide_cancellation, refuse_change_of_ending
from peerhall.exchange.lifecycle import BEFORE_PRODUCTION, ENDING, IN_PRODUCTION, Phase, phase_of
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Reason, Refusal, Refused

TODAY = date(2026, 9, 1)
TERMS = {"contract_initial_period": "P1Y"}


def in_order(phases: frozenset[Phase]) -> list[Phase]:
    """The same order in every test process."""
    return [phase for phase in Phase if phase in phases]


def config(phase: Phase, **body: Any) -> Record:
    return Record("config", "network-service-configs", body, {"phase": phase.value})


def cancel(record: Record, wished: str | None = None, offering: dict[str, Any] | None = None) -> Record:
    return decide_cancellation(record, wished, TODAY, offering)


def refusal_of(phase: Phase, wished: str | None, offering: dict[str, Any] | None = None) -> Refusal:
    with pytest.raises(Refused) as refused:
        cancel(config(phase, decommission_at="2026-09-05"), wished, offering)
    return refused.value.refusal


@pytest.mark.parametrize("phase", in_order(BEFORE_PRODUCTION))
def test_what_was_never_in_production_is_cancelled_whatever_the_terms(phase: Phase) -> None:
    cancelled = cancel(config(phase), "2027-01-01", TERMS)
    assert (phase_of(cancelled), cancelled.state) == (Phase.CANCELLED, "cancelled")
    assert "decommission_at" not in cancelled.body


@pytest.mark.parametrize("phase", in_order(IN_PRODUCTION))
@pytest.mark.parametrize(("wished", "day"), [(None, "2026-09-01"), ("2026-09-01", "2026-09-01"), ("2027-01-01",) * 2])
def test_what_is_in_production_leaves_on_the_day_asked_for_or_today(phase: Phase, wished: str | None, day: str) -> None:
    leaving = cancel(config(phase), wished)
    assert (phase_of(leaving), leaving.state) == (Phase.LEAVING, "decommission_requested")
    assert leaving.body["decommission_at"] == leaving.body["charged_until"] == day


def test_a_day_that_is_past_is_refused_with_the_earliest() -> None:
    refusal = refusal_of(Phase.LIVE, "2026-08-31")
    assert (refusal.reason, refusal.earliest) == (Reason.TOO_EARLY, ("2026-09-01", "2026-09-01"))


@pytest.mark.parametrize("phase", [*in_order(IN_PRODUCTION), Phase.LEAVING])
def test_what_has_contract_terms_is_for_the_exchange_to_cancel(phase: Phase) -> None:
    assert refusal_of(phase, None, TERMS).reason is Reason.UNFULFILLABLE


def test_asking_again_moves_the_day_and_without_one_keeps_it() -> None:
    leaving = config(Phase.LEAVING, decommission_at="2026-09-05")
    assert cancel(leaving).body["decommission_at"] == "2026-09-05"
    assert cancel(leaving, "2026-09-03").body["decommission_at"] == "2026-09-03"
    assert refusal_of(Phase.LEAVING, "2026-08-31").reason is Reason.TOO_EARLY


@pytest.mark.parametrize("phase", [Phase.GONE, Phase.CANCELLED])
def test_what_is_over_is_archived(phase: Phase) -> None:
    archived = cancel(config(phase, status=[{"id": "x"}]), None, TERMS)
    assert (phase_of(archived), archived.state, archived.body["status"]) == (Phase.ARCHIVED, "archived", [])


@pytest.mark.parametrize("phase", [Phase.REMOVING, Phase.ARCHIVED])
def test_what_is_being_removed_or_was_archived_stays_as_it_is(phase: Phase) -> None:
    assert cancel(config(phase), "2027-01-01") == config(phase)


@pytest.mark.parametrize("phase", Phase)
def test_what_is_ending_changes_in_its_references_only(phase: Phase) -> None:
    refuse_change_of_ending(config(phase), dict.fromkeys(HARMLESS))
    if phase in ENDING:
        with pytest.raises(Refused):
            refuse_change_of_ending(config(phase), {"external_ref": "x", "capacity": 100})
    else:
        refuse_change_of_ending(config(phase), {"capacity": 100})
