"""The decision who may join: a table, and properties over all sets of rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerhall.exchange.joining import (
    Admission,
    Standing,
    check_joining_capacity,
    check_limits,
    decide_joining,
    limit_capacity,
)
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults

ACCOUNTS = ("owner", "user", "guest", "other")


def service(public: bool | None = False) -> Record:
    return Record(
        "group", "network-services", {"managing_account": "owner", "consuming_account": "user", "public": public}
    )


def rule(type_: str, account: str = "guest", least: int | None = None, most: int | None = None) -> Record:
    body = {"type": type_, "consuming_account": account, "managing_account": "owner"}
    return Record(
        "rule",
        "member-joining-rules",
        {**body, **({"capacity_min": least, "capacity_max": most} if type_ == "allow" else {})},
    )


def config(capacity: int | None, **meta: object) -> Record:
    return Record("config", "network-service-configs", {"capacity": capacity}, dict(meta))


@pytest.mark.parametrize(
    ("public", "rules", "standing"),
    [
        (False, [], Standing.UNINVITED),
        (None, [], Standing.UNINVITED),
        (True, [], Standing.OPEN),
        (False, ["allow"], Standing.ALLOWED),
        (True, ["allow"], Standing.ALLOWED),
        (False, ["deny"], Standing.DENIED),
        (True, ["deny"], Standing.DENIED),
        (False, ["allow", "deny"], Standing.DENIED),
        (True, ["deny", "allow"], Standing.DENIED),
    ],
)
def test_who_may_join(public: bool | None, rules: list[str], standing: Standing) -> None:
    made = [rule(each) for each in rules]
    assert decide_joining(service(public), "guest", made).standing is standing
    for owner in ("owner", "user"):
        assert decide_joining(service(public), owner, made).standing is Standing.OWNER


capacities = st.none() | st.integers(1, 1000)
rules = st.lists(
    st.builds(rule, st.sampled_from(["allow", "deny"]), st.sampled_from(ACCOUNTS), capacities, capacities), max_size=6
)


@given(rules, st.booleans(), st.sampled_from(ACCOUNTS))
def test_a_deny_rule_wins_and_only_rules_about_the_account_count(
    made: list[Record], public: bool, account: str
) -> None:
    found = decide_joining(service(public), account, made)
    types = {each.type for each in made if each.consuming_account == account}
    about = [each for each in made if each.consuming_account == account]
    assert found.granted == (account in ("owner", "user") or ("deny" not in types and (public or "allow" in types)))
    assert decide_joining(service(public), account, about) == found
    assert decide_joining(service(public), account, [*made, rule("deny", "somebody")]) == found
    if found.standing is not Standing.ALLOWED:
        assert (found.capacity_min, found.capacity_max) == (None, None)


@given(rules, st.sampled_from(ACCOUNTS))
def test_being_public_keeps_nobody_out(made: list[Record], account: str) -> None:
    private, public = (decide_joining(service(each), account, made).granted for each in (False, True))
    assert public or not private


@given(capacities, capacities, capacities)
def test_nobody_has_more_than_the_rule_says_or_than_they_asked_for(
    asked: int | None, most: int | None, possible: int | None
) -> None:
    limited = limit_capacity(None, config(asked), Admission(Standing.ALLOWED, None, most), possible)
    has = limited.body["capacity"]
    if asked is not None and possible is not None:
        asked = min(asked, possible)
    if most is not None:
        assert min(each for each in (has, possible, most + 1) if each is not None) <= most
    if asked is not None:
        assert has is not None
        assert has <= asked
    assert ("limited" in limited.meta) == (has != asked)


@given(capacities, st.lists(capacities, min_size=1), capacities)
def test_what_was_asked_for_survives_all_limits(
    asked: int | None, limits: list[int | None], possible: int | None
) -> None:
    possible = None if possible is None else max(possible, asked or 0)
    now = limit_capacity(None, config(asked), Admission(Standing.ALLOWED), possible)
    for most in limits:
        now = limit_capacity(now, now, Admission(Standing.ALLOWED, None, most), possible)
    assert limit_capacity(now, now, Admission(Standing.OPEN), possible) == config(asked)
    assert limit_capacity(now, now, Admission(Standing.DENIED), possible) == now


def test_what_is_asked_for_anew_counts_anew() -> None:
    admission = Admission(Standing.ALLOWED, None, 100)
    limited = limit_capacity(None, config(500), admission, None)
    assert limited == config(100, limited={"asked": 500, "capacity_max": 100})
    assert limit_capacity(limited, limited.with_body(capacity=50), admission, None) == config(50)
    assert limit_capacity(limited, limited.with_body(capacity=None), admission, None).body["capacity"] == 100


def test_a_rule_limits_nothing_that_is_slower_already() -> None:
    assert limit_capacity(None, config(None), Admission(Standing.ALLOWED, None, 100), 100) == config(None)


@pytest.mark.parametrize(
    ("capacity", "least", "refused"), [(99, 100, True), (100, 100, False), (None, 100, False), (1, None, False)]
)
def test_the_least_capacity_to_join_with(capacity: int | None, least: int | None, refused: bool) -> None:
    faults = Faults()
    check_joining_capacity(faults, capacity, Admission(Standing.ALLOWED, least))
    assert [each.name for each in faults.found] == ["capacity"] * refused


@pytest.mark.parametrize(
    ("least", "most", "refused"), [(2, 1, True), (1, 1, False), (None, 1, False), (2, None, False)]
)
def test_limits_leave_a_capacity_to_join_with(least: int | None, most: int | None, refused: bool) -> None:
    faults = Faults()
    check_limits(faults, rule("allow", least=least, most=most))
    assert [each.name for each in faults.found] == ["capacity_min"] * refused
