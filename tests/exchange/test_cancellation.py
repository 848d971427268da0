from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerhall.exchange.cancellation import (
    HARMLESS,
    Conditions,
    charge_from,
    decide_cancellation,
    decide_following,
    quote,
    refuse_change_of_ending,
)
from peerhall.exchange.contract_terms import ContractTerms
from peerhall.exchange.lifecycle import BEFORE_PRODUCTION, ENDING, IN_PRODUCTION, Phase, phase_of
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Reason, Refusal, Refused

TODAY = date(2026, 9, 1)
TOMORROW = TODAY + timedelta(days=1)
START = "2026-01-01"
YEAR = ContractTerms.of({"contract_initial_period": "P1Y", "contract_initial_notice_period": "P3M"})
FREE = Conditions(TODAY)
BOUND = Conditions(TODAY, YEAR)


def in_order(phases: frozenset[Phase]) -> list[Phase]:
    """The same order in every test process."""
    return [phase for phase in Phase if phase in phases]


def config(phase: Phase, kind: str = "network-service-configs", **body: Any) -> Record:
    return Record("config", kind, body, {"phase": phase.value})


def leaving(day: str, until: str = "", **body: Any) -> Record:
    return config(Phase.LEAVING, decommission_at=day, charged_until=until or day, **body)


def cancel(record: Record, wished: str | None = None, conditions: Conditions = FREE) -> Record:
    return decide_cancellation(record, None if wished is None else date.fromisoformat(wished), conditions)


def days_of(record: Record) -> tuple[str, str]:
    return record.body["decommission_at"], record.body["charged_until"]


def refusal_of(record: Record, wished: str | None, conditions: Conditions = FREE) -> Refusal:
    with pytest.raises(Refused) as refused:
        cancel(record, wished, conditions)
    return refused.value.refusal


@pytest.mark.parametrize("phase", in_order(BEFORE_PRODUCTION))
def test_what_was_never_in_production_is_cancelled_whatever_the_terms(phase: Phase) -> None:
    conditions = Conditions(TODAY, YEAR, lead=timedelta(days=5))
    cancelled = cancel(config(phase), "2027-01-01", conditions)
    assert (phase_of(cancelled), cancelled.state) == (Phase.CANCELLED, "cancelled")
    assert "decommission_at" not in cancelled.body
    assert quote(config(phase), None, conditions).decommission_at == TODAY
    assert refusal_of(config(phase), "2026-08-31", conditions).earliest == ("2026-09-01", "2026-09-01")


@pytest.mark.parametrize("phase", in_order(IN_PRODUCTION))
@pytest.mark.parametrize(("wished", "day"), [(None, "2026-09-01"), ("2026-09-01", "2026-09-01"), ("2027-01-01",) * 2])
def test_what_is_in_production_leaves_on_the_day_asked_for_or_today(phase: Phase, wished: str | None, day: str) -> None:
    left = cancel(config(phase, current_billing_start_date=START), wished)
    assert (phase_of(left), left.state) == (Phase.LEAVING, "decommission_requested")
    assert days_of(left) == (day, day)


@pytest.mark.parametrize("phase", in_order(IN_PRODUCTION))
def test_contract_terms_say_until_when_it_is_charged(phase: Phase) -> None:
    record = config(phase, current_billing_start_date=START)
    assert days_of(cancel(record, None, BOUND)) == ("2026-09-01", "2027-01-01")
    assert days_of(cancel(record, "2027-02-03", BOUND)) == ("2027-02-03", "2027-02-03")
    assert days_of(cancel(config(phase), None, BOUND)) == ("2026-09-01", "2026-09-01"), "it was never charged"


def test_terms_are_counted_from_the_first_day_charged() -> None:
    first = charge_from(config(Phase.LIVE, current_billing_start_date=None), date(2026, 1, 1))
    assert first.body["current_billing_start_date"] == "2026-01-01"
    assert charge_from(first, TODAY) == first
    moved = first.with_body(current_billing_start_date="2026-06-01")
    assert days_of(cancel(moved, None, BOUND))[1] == "2027-01-01"


def test_a_day_that_is_too_early_is_refused_with_the_earliest() -> None:
    live = config(Phase.LIVE, current_billing_start_date=START)
    assert refusal_of(live, "2026-08-31").earliest == ("2026-09-01", "2026-09-01")
    refusal = refusal_of(live, "2026-09-05", Conditions(TODAY, YEAR, timedelta(days=5)))
    assert (refusal.reason, refusal.earliest) == (Reason.TOO_EARLY, ("2026-09-06", "2027-01-01"))


def test_a_day_beyond_the_calendar_is_refused() -> None:
    terms = ContractTerms.of({"contract_initial_period": "P1Y", "contract_renewal_period": "P1Y"})
    live = config(Phase.LIVE, current_billing_start_date=START)
    assert refusal_of(live, "9999-12-31", Conditions(TODAY, terms)).faults[0].name == "decommission_at"


def test_asking_again_moves_the_day_and_without_one_keeps_it() -> None:
    record = leaving("2026-09-05")
    assert cancel(record) == record
    assert cancel(record, "2026-09-03").body["decommission_at"] == "2026-09-03"
    assert refusal_of(record, "2026-08-31").reason is Reason.TOO_EARLY
    late = Conditions(TODAY, lead=timedelta(days=10))
    assert days_of(cancel(record, "2026-09-05", late)) == days_of(record), "it is not too late for what was granted"
    assert refusal_of(record, "2026-09-04", late).earliest == ("2026-09-05", "2026-09-05")


def test_notice_once_given_stands() -> None:
    record = leaving("2026-12-01", "2027-01-01", current_billing_start_date=START)
    renewing = ContractTerms.of({"contract_initial_period": "P1Y", "contract_initial_notice_period": "P3M"} | RENEWAL)
    december = Conditions(date(2026, 11, 15), renewing)
    assert days_of(cancel(record, "2026-12-20", december)) == ("2026-12-20", "2027-01-01")
    assert days_of(cancel(record, "2026-11-20", december)) == ("2026-11-20", "2027-01-01")
    assert days_of(cancel(record, "2027-01-02", december)) == ("2027-01-02", "2027-02-01")


RENEWAL = {"contract_renewal_period": "P1M", "contract_renewal_notice_period": "P1M"}


@pytest.mark.parametrize("phase", [Phase.GONE, Phase.CANCELLED])
def test_what_is_over_is_archived(phase: Phase) -> None:
    archived = cancel(config(phase, status=[{"id": "x"}]), None, BOUND)
    assert (phase_of(archived), archived.state, archived.body["status"]) == (Phase.ARCHIVED, "archived", [])


@pytest.mark.parametrize("phase", [Phase.REMOVING, Phase.ARCHIVED])
def test_what_is_being_removed_or_was_archived_stays_as_it_is(phase: Phase) -> None:
    assert cancel(config(phase), "2027-01-01") == config(phase)


def test_a_part_does_not_outstay_the_whole() -> None:
    part = Conditions(TODAY, latest=date(2026, 10, 1))
    assert refusal_of(leaving("2026-09-05"), "2026-10-02", part).faults[0].name == "decommission_at"
    assert cancel(leaving("2026-09-05"), "2026-10-01", part).body["decommission_at"] == "2026-10-01"


def test_a_part_goes_with_the_whole_by_its_own_terms() -> None:
    part = config(Phase.LIVE, current_billing_start_date=START)
    left = decide_following(part, leaving("2026-10-01"), BOUND)
    assert days_of(left) == ("2026-10-01", "2027-01-01")
    moved = decide_following(left, leaving("2026-12-01"), BOUND)
    assert days_of(moved) == ("2026-12-01", "2027-01-01")
    session = decide_following(config(Phase.LIVE, "network-feature-configs"), leaving("2026-10-01"), FREE)
    assert session.body.keys() == {"state"}, "the standard gives it no dates"
    assert session.meta["decommission_at"] == "2026-10-01"


def test_a_part_that_leaves_earlier_by_itself_still_does() -> None:
    alone = cancel(config(Phase.LIVE), "2026-09-10")
    assert decide_following(alone, leaving("2026-10-01"), FREE) == alone
    assert days_of(decide_following(alone, leaving("2026-09-05"), FREE))[0] == "2026-09-05"
    assert days_of(decide_following(alone, config(Phase.CANCELLED), FREE))[0] == "2026-09-01"


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("whole", Phase)
def test_parts_end_with_the_whole_and_only_then(phase: Phase, whole: Phase) -> None:
    part = decide_following(config(phase), config(whole, decommission_at="2026-10-01"), FREE)
    if whole in (Phase.LEAVING, Phase.CANCELLED) and phase not in ENDING:
        assert phase_of(part) is (Phase.CANCELLED if phase in BEFORE_PRODUCTION else Phase.LEAVING)
    elif whole is Phase.ARCHIVED and phase in (Phase.GONE, Phase.CANCELLED):
        assert phase_of(part) is Phase.ARCHIVED
    else:
        assert phase_of(part) is phase


DURATIONS = st.sampled_from([None, "P1D", "P14D", "P1M", "P3M", "P1Y"])
TERMS = st.builds(
    lambda *periods: ContractTerms.of(dict(zip(NAMES, periods, strict=True))),
    DURATIONS,
    DURATIONS,
    DURATIONS,
    DURATIONS,
)
NAMES = [
    f"contract_{name}"
    for name in ("initial_period", "initial_notice_period", "renewal_period", "renewal_notice_period")
]


@given(TERMS, st.integers(0, 20), st.integers(0, 900), st.integers(0, 400), st.data())
def test_moving_the_day_never_costs_more_than_leaving_anew(
    terms: ContractTerms, lead: int, on: int, ahead: int, data: st.DataObject
) -> None:
    """What a policy says is what a DELETE does; asked again later, never worse than by the terms of that day."""
    start = date(2026, 1, 31)
    record = config(Phase.LIVE, current_billing_start_date=start.isoformat())
    first = Conditions(start + timedelta(days=on), terms, timedelta(days=lead))
    wished = first.today + first.lead + timedelta(days=ahead)
    left = decide_cancellation(record, wished, first)
    assert days_of(left) == tuple(map(str, vars_of(quote(record, wished, first))))
    assert vars_of(quote(left, None, first)) == vars_of(quote(record, wished, first))
    later = Conditions(first.today + timedelta(days=data.draw(st.integers(0, lead + ahead))), terms, first.lead)
    again = later.today + later.lead + timedelta(days=data.draw(st.integers(0, 400)))
    moved, anew = quote(left, again, later), quote(record, again, later)
    assert moved.decommission_at == anew.decommission_at == again
    assert again <= moved.charged_until <= anew.charged_until


def vars_of(policy: Any) -> tuple[date, date]:
    return policy.decommission_at, policy.charged_until


@pytest.mark.parametrize("phase", Phase)
def test_what_is_ending_changes_in_its_references_only(phase: Phase) -> None:
    refuse_change_of_ending(config(phase), dict.fromkeys(HARMLESS))
    if phase in ENDING:
        with pytest.raises(Refused):
            refuse_change_of_ending(config(phase), {"external_ref": "x", "capacity": 100})
    else:
        refuse_change_of_ending(config(phase), {"capacity": 100})
