"""Joining rules over HTTP: who makes, sees, changes and deletes them, and what they mean for whom they name."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.installation import Caller, Site
from tests.orderdesk.groups import CONFIGS, RULES, SERVICES, config, connect, group, rule, see, tags


@pytest.fixture(scope="module")
def member(house: Site) -> Caller:
    return house.login("member")


@pytest.fixture(scope="module")
def rival(house: Site) -> Caller:
    return house.login("rival")


@pytest.fixture(scope="module")
def connection(house: Site, rival: Caller) -> str:
    return connect(house, rival)


def sees(caller: Caller, service: str) -> bool:
    listed = service in [each["id"] for each in caller.get(SERVICES)]
    caller.get(f"{SERVICES}/{service}", 200 if listed else 404)
    return listed


# Creating


def test_a_rule_is_made_shown_and_listed_on_its_service(house: Site, member: Caller, rival: Caller) -> None:
    service = group(house)
    body = rule(service, capacity_min=100, capacity_max=1000, external_ref="ref")
    made = member.post(RULES, body)
    assert made == {**body, "id": made["id"]}
    assert member.get(f"{RULES}/{made['id']}") == made
    assert rival.get(f"{RULES}/{made['id']}") == made
    house.login("reseller").get(f"{RULES}/{made['id']}", 404)
    assert member.get(f"{SERVICES}/{service}")["member_joining_rules"] == [made["id"]]
    assert "member_joining_rules" not in rival.get(f"{SERVICES}/{service}")


def test_a_rule_that_denies_has_no_limits(house: Site, member: Caller) -> None:
    made = member.post(RULES, rule(group(house), type_="deny", capacity_min=100))
    assert made.keys() == {"id", "type", "network_service", "managing_account", "consuming_account", "external_ref"}


@pytest.mark.parametrize("type_", ["p2mp_vc", "mp2mp_vc"])
def test_both_kinds_of_group_take_rules(house: Site, member: Caller, rival: Caller, type_: str) -> None:
    service = group(house, type_)
    assert not sees(rival, service)
    member.post(RULES, rule(service))
    assert sees(rival, service)


@pytest.mark.parametrize(
    ("members", "at"),
    [
        ({"type": "maybe"}, "type"),
        ({"network_service": "no-such-thing"}, "network_service"),
        ({"network_service": "lan"}, "network_service"),
        ({"network_service": "port-10g"}, "network_service"),
        ({"network_service": None}, "network_service"),
        ({"consuming_account": "no-such-thing"}, "consuming_account"),
        ({"consuming_account": "lan"}, "consuming_account"),
        ({"consuming_account": "member"}, "consuming_account"),
        ({"capacity_min": 0}, "capacity_min"),
        ({"capacity_max": -1}, "capacity_max"),
        ({"capacity_min": 1001, "capacity_max": 1000}, "capacity_min"),
        ({"external_ref": "x" * 129}, "external_ref"),
    ],
)
def test_what_makes_no_sense_is_refused(house: Site, member: Caller, members: Any, at: str) -> None:
    service = group(house)
    assert set(member.faults("POST", RULES, {**rule(service), **members})) == {at}
    assert member.get(f"{SERVICES}/{service}")["member_joining_rules"] == []


def test_a_second_rule_for_an_account_is_refused(house: Site, member: Caller) -> None:
    service = group(house)
    first = member.post(RULES, rule(service))
    for type_ in ("allow", "deny"):
        faults = member.faults("POST", RULES, rule(service, type_=type_))
        assert first["id"] in faults["consuming_account"]
    member.post(RULES, rule(group(house)))
    member.delete(f"{RULES}/{first['id']}", 200)
    member.post(RULES, rule(service, type_="deny"))


def test_neither_owner_of_a_service_has_a_rule(house: Site) -> None:
    reseller = house.login("reseller")
    service = group(house, owner="reseller", consuming_account="customer")
    for account in ("reseller", "customer"):
        faults = reseller.faults("POST", RULES, rule(service, account, owner="reseller"))
        assert "owns" in faults["consuming_account"]


def test_only_the_services_manager_or_one_above_it_makes_rules(house: Site, member: Caller, rival: Caller) -> None:
    private, public = group(house), group(house, public=True)
    assert "there is no such" in rival.faults("POST", RULES, rule(private, owner="rival"))["network_service"]
    rival.post(RULES, rule(public, "reseller", owner="rival"), 403)
    rival.post(RULES, rule(public, "reseller", owner="member"), 403)
    below = group(house, owner="customer")
    reseller, customer = house.login("reseller"), house.login("customer")
    assert set(reseller.faults("POST", RULES, rule(below, owner="reseller"))) == {"managing_account"}
    made = reseller.post(RULES, rule(below, owner="customer"))
    assert customer.get(f"{RULES}/{made['id']}") == made
    customer.delete(f"{RULES}/{made['id']}", 200)


def test_a_closed_account_is_no_account(house: Site, member: Caller) -> None:
    service = group(house)
    house.connection.execute(
        "update document set body = body || '{\"state\": \"decommissioned\"}' where id = 'newcomer'"
    )
    told = member.faults("POST", RULES, rule(service, "newcomer"))
    assert told == member.faults("POST", RULES, rule(service, "no-such-thing"))


def test_a_service_that_is_over_takes_no_rules(house: Site, member: Caller) -> None:
    service = group(house, state="decommissioned")
    assert set(member.faults("POST", RULES, rule(service))) == {"network_service"}


@pytest.mark.parametrize("types", [("allow", "allow"), ("allow", "deny")])
def test_of_two_rules_at_once_one_is_made(house: Site, member: Caller, types: tuple[str, str]) -> None:
    service = group(house)

    def make(type_: str) -> int:
        return int(member.request("POST", RULES, json=rule(service, type_=type_)).status_code)

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(make, types * 4))
    assert answers == [201] + [400] * 7
    assert len(member.get(f"{SERVICES}/{service}")["member_joining_rules"]) == 1


# Changing


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_limits_references_and_account_can_be_changed(house: Site, member: Caller, method: str) -> None:
    made = member.post(RULES, rule(group(house), capacity_max=1000))
    change = {"capacity_min": 10, "capacity_max": 2000, "external_ref": "new", "consuming_account": "reseller"}
    body = change if method == "PATCH" else {**made, **change}
    changed = member._checked(member.request(method, f"{RULES}/{made['id']}", json=body), 200)
    assert changed == {**made, **change}
    assert member.get(f"{RULES}/{made['id']}") == changed


def test_a_put_sets_what_is_left_out_to_nothing(house: Site, member: Caller) -> None:
    service = group(house)
    made = member.post(RULES, rule(service, capacity_max=1000, external_ref="ref"))
    changed = member.put(f"{RULES}/{made['id']}", rule(service), 200)
    assert (changed["capacity_max"], changed["external_ref"]) == (None, None)


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"type": "deny"}, "type"),
        ({"network_service": "lan"}, "network_service"),
        ({"capacity_min": 1001}, "capacity_min"),
        ({"consuming_account": "member"}, "consuming_account"),
        ({"consuming_account": "reseller"}, "consuming_account"),
        ({"consuming_account": "no-such-thing"}, "consuming_account"),
        ({"consuming_account": None}, "consuming_account"),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_what_a_rule_cannot_become(house: Site, member: Caller, method: str, change: Any, at: str) -> None:
    service = group(house)
    member.post(RULES, rule(service, "reseller"))
    made = member.post(RULES, rule(service, capacity_max=1000))
    body = change if method == "PATCH" else {**made, **change}
    assert set(member.faults(method, f"{RULES}/{made['id']}", body)) == {at}
    assert member.get(f"{RULES}/{made['id']}") == made


def test_a_rule_that_moved_on_leaves_room_for_another(house: Site, member: Caller, rival: Caller) -> None:
    service = group(house)
    made = member.post(RULES, rule(service))
    member.patch(f"{RULES}/{made['id']}", {"consuming_account": "reseller"}, 200)
    assert not sees(rival, service)
    member.post(RULES, rule(service))
    assert set(member.faults("POST", RULES, rule(service, "reseller"))) == {"consuming_account"}


def test_the_account_a_rule_names_reads_it_only(house: Site, member: Caller, rival: Caller) -> None:
    made = member.post(RULES, rule(group(house)))
    rival.patch(f"{RULES}/{made['id']}", {"capacity_max": 10}, 403)
    rival.delete(f"{RULES}/{made['id']}", 403)
    house.login("reseller").delete(f"{RULES}/{made['id']}", 404)


# What is seen


def test_a_private_service_comes_and_goes_with_the_rule(house: Site, member: Caller, rival: Caller) -> None:
    service = group(house)
    member.post(RULES, rule(service, "reseller"))
    assert not sees(rival, service)
    made = member.post(RULES, rule(service))
    assert sees(rival, service)
    assert member.delete(f"{RULES}/{made['id']}", 200) == made
    assert not sees(rival, service)
    rival.get(f"{RULES}/{made['id']}", 404)
    member.get(f"{RULES}/{made['id']}", 404)
    assert made["id"] not in member.get(f"{SERVICES}/{service}")["member_joining_rules"]


def test_a_rule_shows_nothing_to_accounts_below_the_one_it_names(house: Site, member: Caller) -> None:
    service = group(house)
    member.post(RULES, rule(service, "reseller"))
    assert sees(house.login("reseller"), service)
    assert not sees(house.login("customer"), service)
    member.post(RULES, rule(service, "customer"))
    assert sees(house.login("customer"), service)


def test_a_rule_that_denies_shows_nothing(house: Site, member: Caller, rival: Caller) -> None:
    service = group(house)
    made = member.post(RULES, rule(service, type_="deny"))
    assert not sees(rival, service)
    assert rival.get(f"{RULES}/{made['id']}") == made


def test_strangers_find_no_rules_by_filtering(house: Site, member: Caller) -> None:
    service = group(house)
    made = member.post(RULES, rule(service))
    stranger = house.login("reseller")
    for query in (
        f"network_service={service}",
        "consuming_account=rival",
        "managing_account=member",
        f"id={made['id']}",
    ):
        assert made["id"] not in [each["id"] for each in stranger.get(f"{RULES}?{query}")]


# Configs of whom it names


def test_a_config_stays_when_its_rule_goes_but_takes_no_more(
    house: Site, member: Caller, rival: Caller, connection: str
) -> None:
    service = group(house)
    made = member.post(RULES, rule(service))
    joined = rival.post(CONFIGS, config(service, connection, capacity=100))
    house.reconcile()
    member.delete(f"{RULES}/{made['id']}", 200)
    kept = see(rival, joined)
    assert (kept["state"], kept["capacity"], tags(kept)) == ("production", 100, {"joining_rule_missing"})
    assert sees(rival, service)
    assert set(rival.faults("PATCH", f"{CONFIGS}/{joined['id']}", {"capacity": 200})) == {"capacity"}
    rival.patch(f"{CONFIGS}/{joined['id']}", {"external_ref": "still mine"})
    rival.post(CONFIGS, config(service, connection, capacity=100), 403)

    member.post(RULES, rule(service))
    assert tags(see(rival, joined)) == set()
    rival.patch(f"{CONFIGS}/{joined['id']}", {"capacity": 200})
    house.reconcile()
    assert see(rival, joined)["state"] == "production"
    rival.delete(f"{CONFIGS}/{joined['id']}")
    house.reconcile()


def test_a_config_stays_with_a_warning_when_its_account_is_denied(
    house: Site, member: Caller, rival: Caller, connection: str
) -> None:
    service = group(house, public=True)
    joined = rival.post(CONFIGS, config(service, connection))
    house.reconcile()
    assert tags(see(rival, joined)) == set()
    made = member.post(RULES, rule(service, type_="deny"))
    denied = see(rival, joined)
    assert (denied["state"], tags(denied)) == ("production", {"joining_denied"})
    assert set(rival.faults("PATCH", f"{CONFIGS}/{joined['id']}", {"capacity": 20})) == {"capacity"}
    member.delete(f"{RULES}/{made['id']}", 200)
    assert tags(see(rival, joined)) == set()


def test_a_limit_that_changes_changes_what_its_account_has(
    house: Site, member: Caller, rival: Caller, connection: str
) -> None:
    service = group(house)
    made = member.post(RULES, rule(service, capacity_max=1000))
    joined = rival.post(CONFIGS, config(service, connection, capacity=500))
    house.reconcile()
    before = rival.get(f"/connections/{connection}")["capacity_allocated"]
    member.patch(f"{RULES}/{made['id']}", {"capacity_max": 200}, 200)
    limited = see(rival, joined)
    assert (limited["capacity"], limited["state"]) == (200, "production_change_pending")
    assert "bandwidth_limited_by_rule" in tags(limited)
    assert rival.get(f"/connections/{connection}")["capacity_allocated"] == before - 300
    house.reconcile()
    assert see(rival, joined)["state"] == "production"
    member.patch(f"{RULES}/{made['id']}", {"capacity_max": 300}, 200)
    assert see(rival, joined)["capacity"] == 300
    member.patch(f"{RULES}/{made['id']}", {"capacity_max": None}, 200)
    house.reconcile()
    unlimited = see(rival, joined)
    assert (unlimited["capacity"], unlimited["state"], tags(unlimited)) == (500, "production", set())
    assert rival.get(f"/connections/{connection}")["capacity_allocated"] == before


def test_a_higher_least_capacity_is_for_those_who_come_later(
    house: Site, member: Caller, rival: Caller, connection: str
) -> None:
    service = group(house)
    made = member.post(RULES, rule(service))
    joined = rival.post(CONFIGS, config(service, connection, capacity=100))
    member.patch(f"{RULES}/{made['id']}", {"capacity_min": 1000}, 200)
    assert see(rival, joined)["capacity"] == 100
    rival.patch(f"{CONFIGS}/{joined['id']}", {"external_ref": "small"})
    assert set(rival.faults("PATCH", f"{CONFIGS}/{joined['id']}", {"capacity": 200})) == {"capacity"}
    rival.patch(f"{CONFIGS}/{joined['id']}", {"capacity": 1000})


def test_a_closed_account_has_no_rules_any_more(house: Site, member: Caller) -> None:
    service = group(house)
    reseller = house.login("reseller")
    parties = reseller.get("/accounts?id=customer")[0]
    body = {"name": "Leaver", "managing_account": "reseller", "address": parties["address"]}
    leaver = reseller.post("/accounts", body)["id"]
    member.post(RULES, rule(service, leaver))
    reseller.delete(f"/accounts/{leaver}", 200)
    assert member.get(f"{SERVICES}/{service}")["member_joining_rules"] == []
    assert member.get(f"{RULES}?network_service={service}") == []
