from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerhall.provisioning.driver import Config, Device, Step
from peerhall.provisioning.plan import Plan, Wanted, describe, digest, is_mass_change, plan_steps, step_name

SWITCH = Device("switch", "sw1.ork1")
KEYS = st.sampled_from([f"{kind}/{number}" for kind in ("port", "attachment") for number in range(4)])
CONFIGS = st.fixed_dictionaries({"vlan": st.integers(1, 3)})
OBSERVED = st.dictionaries(KEYS, CONFIGS)
WANTED = st.dictionaries(KEYS, st.tuples(CONFIGS, st.booleans())).map(
    lambda chosen: [Wanted(key, key.partition("/")[2], config, test) for key, (config, test) in chosen.items()]
)


def wanted(key: str, vlan: int = 1, test: bool = False) -> Wanted:
    return Wanted(key, key.partition("/")[2], {"vlan": vlan}, test)


def carry_out(plan: Plan, observed: dict[str, Config]) -> dict[str, Config]:
    after = dict(observed)
    for step in plan.steps:
        if step.action == "remove":
            del after[step.key]
        elif step.action == "put":
            after[step.key] = step.config
    return after


@given(WANTED, OBSERVED)
def test_a_plan_makes_what_is_there_what_is_wanted_and_then_has_nothing_left_to_do(
    aims: list[Wanted], observed: dict[str, Config]
) -> None:
    after = carry_out(plan_steps(SWITCH, aims, observed), observed)
    assert after == {aim.key: aim.config for aim in aims}
    again = plan_steps(SWITCH, aims, after)
    assert {step.action for step in again.steps} <= {"test"}
    assert {step.key for step in again.steps} == {aim.key for aim in aims if aim.test}
    assert again.in_place == after.keys()


@given(WANTED, OBSERVED, st.sets(st.sampled_from("0123")))
def test_what_waits_for_somebody_is_left_alone(aims: list[Wanted], observed: dict[str, Config], held: set[str]) -> None:
    plan = plan_steps(SWITCH, aims, observed, held)
    assert not {step.document for step in plan.steps} & held
    everything = plan_steps(SWITCH, aims, observed).steps
    assert plan.steps == tuple(step for step in everything if step.document not in held)


def test_room_is_made_before_anything_is_built_and_tested() -> None:
    observed = {"port/old": {"vlan": 9}, "port/tested": {"vlan": 1}, "port/changed": {"vlan": 2}}
    aims = [wanted("port/new"), wanted("port/changed"), wanted("port/tested", test=True)]
    plan = plan_steps(SWITCH, aims, observed)
    assert [(step.action, step.key) for step in plan.steps] == [
        ("remove", "port/old"),
        ("put", "port/changed"),
        ("put", "port/new"),
        ("test", "port/tested"),
    ]
    assert [(step.key, step.before) for step in plan.disruptive] == [
        ("port/old", {"vlan": 9}),
        ("port/changed", {"vlan": 2}),
    ]
    assert plan.in_place == {"port/tested"}


def test_what_is_not_in_place_yet_is_not_tested() -> None:
    plan = plan_steps(SWITCH, [wanted("port/a", test=True)], {})
    assert [step.action for step in plan.steps] == ["put"]


@pytest.mark.parametrize(
    ("removed", "observed", "is_mass"),
    [(5, 5, False), (6, 6, True), (6, 60, False), (10, 100, False), (11, 100, True), (0, 100, False)],
)
def test_a_mass_change_is_more_than_both_the_number_and_the_share(removed: int, observed: int, is_mass: bool) -> None:
    there = {f"port/{number}": {"vlan": 1} for number in range(observed)}
    plan = plan_steps(SWITCH, [wanted(key) for key in list(there)[removed:]], there)
    assert is_mass_change(plan, len(there), 5, 10) == is_mass


def test_additions_are_never_a_mass_change() -> None:
    plan = plan_steps(SWITCH, [wanted(f"port/{number}") for number in range(100)], {})
    assert not is_mass_change(plan, 0, 5, 10)


def test_an_approval_is_for_the_same_disruption_only() -> None:
    observed = {"port/a": {"vlan": 1}, "port/b": {"vlan": 1}}
    plan = plan_steps(SWITCH, [wanted("port/a")], observed)
    with_addition = plan_steps(SWITCH, [wanted("port/a"), wanted("port/new")], observed)
    with_change = plan_steps(SWITCH, [wanted("port/a", vlan=2)], observed)
    assert plan.digest == with_addition.digest
    assert plan.digest != with_change.digest


def test_a_digest_does_not_depend_on_the_order_of_members() -> None:
    assert digest([{"a": {"x": 1, "y": 2}, "b": []}]) == digest([{"b": [], "a": {"y": 2, "x": 1}}])
    assert digest(["a", "b"]) != digest(["b", "a"])


def test_a_step_is_called_the_same_until_its_configuration_changes() -> None:
    step = Step("put", SWITCH, "port/a", "a", {"vlan": 1, "mode": "x"}, None)
    assert step_name(step) == step_name(replace(step, config={"mode": "x", "vlan": 1}, before={"vlan": 2}))
    assert step_name(step) != step_name(replace(step, config={"vlan": 2, "mode": "x"}))
    assert step_name(step) != step_name(replace(step, action="test"))


def test_a_step_is_shown_as_an_addition_a_change_or_a_removal() -> None:
    step = Step("put", SWITCH, "port/a", "a", {"vlan": 1}, None)
    assert (describe(step)["action"], describe(step)["after"]) == ("add", {"vlan": 1})
    assert describe(replace(step, before={"vlan": 2}))["action"] == "change"
    removal = describe(replace(step, action="remove", before={"vlan": 1}))
    assert (removal["action"], removal["before"], removal["after"]) == ("remove", {"vlan": 1}, None)
