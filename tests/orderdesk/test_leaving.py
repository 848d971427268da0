"""Contract terms over HTTP: what a cancellation policy says, and what a DELETE then does, by a clock that is turned."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from peerhall.exchange.visibility import Caller as ExchangesOwn
from peerhall.orderdesk import network_service_configs
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from tests.clock import Clock
from tests.installation import Caller, Site

TERMS = {
    "contract_initial_period": "P1Y",
    "contract_initial_notice_period": "P3M",
    "contract_renewal_period": "P1M",
    "contract_renewal_notice_period": "P1M",
}
DAYS = ("decommission_at", "charged_until")


@pytest.fixture
def clock() -> Clock:
    """New Year's morning, when what is ordered is charged from."""
    clock = Clock()
    clock.now = datetime(2025, 1, 1, 9, tzinfo=UTC)
    return clock


@pytest.fixture
def bound(site: Site) -> Site:
    """An exchange that needs five days to disconnect anything, and has contract terms for all it sells."""
    set_terms(site, **TERMS)
    set_rules(site, disconnection_days=5)
    return site


def set_terms(site: Site, *offerings: str, **terms: str | None) -> None:
    site.connection.execute(
        "update document set body = body || %s::jsonb where kind = 'product-offerings' and (%s or id = any(%s))",
        (to_json(terms).decode(), not offerings, list(offerings)),
    )


def set_rules(site: Site, **rules: Any) -> None:
    site.connection.execute(
        "update setting set value = value || %s::jsonb where name = 'exchange'", (to_json(rules).decode(),)
    )


def move_to(site: Site, day: str, account: str = "member", hour: int = 12) -> Caller:
    """Turns the clock to a day, lets the network follow, and logs in, as all logins have ended meanwhile."""
    site.clock.now = datetime.fromisoformat(f"{day}T{hour:02d}:00:00+00:00")
    site.reconcile()
    return site.login(account)


def peering(site: Site, account: str = "member") -> tuple[Caller, str, str]:
    """Somebody with a config in production on a connection in production; the paths of both."""
    caller = site.login(account)
    connection = caller.order_connection()["id"]
    site.reconcile()
    config = caller.order_peering(connection, macs=[caller.order_mac()["id"]])["id"]
    site.reconcile()
    return caller, f"/connections/{connection}", f"/network-service-configs/{config}"


def policy(caller: Caller, path: str, day: str | None = None) -> tuple[str, str]:
    found = caller.get(f"{path}/cancellation-policy" + (f"?decommission_at={day}" if day else ""))
    assert found.keys() == set(DAYS)
    return found["decommission_at"], found["charged_until"]


def days_of(document: Any) -> tuple[Any, Any]:
    return document["decommission_at"], document["charged_until"]


@pytest.mark.parametrize(
    ("today", "wished", "expected"),
    [
        ("2025-06-10", None, ("2025-06-15", "2026-01-01")),
        ("2025-10-01", None, ("2025-10-06", "2026-01-01")),
        ("2025-10-02", None, ("2025-10-07", "2026-02-01")),
        ("2025-06-10", "2026-03-20", ("2026-03-20", "2026-04-01")),
        ("2026-05-20", None, ("2026-05-25", "2026-07-01")),
    ],
)
def test_the_worked_examples(bound: Site, today: str, wished: str | None, expected: tuple[str, str]) -> None:
    _, connection, config = peering(bound)
    member = move_to(bound, today)
    reservation = f"/port-reservations/{member.get(connection)['port_reservations'][0]}"
    for path in (connection, config, reservation):
        assert policy(member, path, wished) == expected
    for path in (config, connection):
        body = {} if wished is None else {"decommission_at": wished}
        left = member.delete(path, json=body)
        assert (left["state"], *days_of(left)) == ("decommission_requested", *expected)
    assert days_of(member.get(reservation)) == expected
    assert member.get(config)["current_billing_start_date"] == "2025-01-01"


def port_and_router(site: Site) -> tuple[Caller, dict[str, str]]:
    """Somebody with a routing function and a bundle of two ports in production; paths of the function and of a port."""
    caller = site.login("member")
    bundle = caller.order_connection(mode="lag_lacp", port_quantity=2)
    function = caller.order_router()
    site.reconcile()
    return caller, {
        "port": f"/port-reservations/{bundle['port_reservations'][0]}",
        "router": f"/routing-functions/{function['id']}",
    }


def scheduled(document: Any) -> tuple[str, str]:
    """The days of its end as its status tells them; a routing function has no other."""
    [entry] = [each for each in document["status"] if each["tag"] == "decommission_scheduled"]
    return days_of(entry["attrs"])


@pytest.mark.parametrize("what", ["port", "router"])
@pytest.mark.parametrize(
    ("today", "wished", "expected"),
    [
        ("2025-06-10", None, ("2025-06-15", "2026-01-01")),
        ("2025-10-01", None, ("2025-10-06", "2026-01-01")),
        ("2025-10-02", None, ("2025-10-07", "2026-02-01")),
        ("2025-06-10", "2026-03-20", ("2026-03-20", "2026-04-01")),
        ("2026-05-20", None, ("2026-05-25", "2026-07-01")),
    ],
)
def test_the_worked_examples_for_single_ports_and_routing_functions(
    bound: Site, what: str, today: str, wished: str | None, expected: tuple[str, str]
) -> None:
    path = port_and_router(bound)[1][what]
    member = move_to(bound, today)
    assert policy(member, path, wished) == expected
    left = member.delete(path, json={} if wished is None else {"decommission_at": wished})
    assert (left["state"], scheduled(left)) == ("decommission_requested", expected)
    assert policy(member, path) == expected
    assert move_to(bound, expected[0]).get(path)["state"] == "decommissioned"
    assert policy(bound.login("member"), path) == expected


@pytest.mark.parametrize("what", ["port", "router"])
def test_single_ports_and_routing_functions_are_moved_as_far_as_their_terms_go(bound: Site, what: str) -> None:
    path = port_and_router(bound)[1][what]
    member = move_to(bound, "2025-06-10")
    early = member.delete(path, 400, json={"decommission_at": "2025-06-11"})
    assert early["type"].endswith("/cancellation-policy-error.html")
    assert days_of(early) == ("2025-06-15", "2026-01-01")
    asked = member.get(f"{path}/cancellation-policy?decommission_at=2025-06-11", 400)
    assert [each["name"] for each in asked["properties"]] == ["decommission_at"]
    assert days_of(asked) == ("2025-06-15", "2026-01-01")
    assert member.get(path)["state"] == "production"

    assert scheduled(member.delete(path, json={"decommission_at": "2025-12-01"})) == ("2025-12-01", "2026-01-01")
    assert scheduled(member.delete(path)) == ("2025-12-01", "2026-01-01")
    assert policy(member, path, "2026-01-10") == ("2026-01-10", "2026-02-01")
    assert scheduled(member.delete(path, json={"decommission_at": "2026-01-10"})) == ("2026-01-10", "2026-02-01")
    assert scheduled(member.delete(path, json={"decommission_at": "2025-11-01"})) == ("2025-11-01", "2026-01-01")
    member = move_to(bound, "2025-10-20")
    assert policy(member, path, "2025-12-24") == ("2025-12-24", "2026-01-01"), "notice once given stands"
    early = member.delete(path, 400, json={"decommission_at": "2025-10-24"})
    assert days_of(early) == ("2025-10-25", "2026-01-01")
    assert scheduled(member.delete(path, json={"decommission_at": "2025-10-25"})) == ("2025-10-25", "2026-01-01")
    assert move_to(bound, "2025-10-24").get(path)["state"] == "decommission_requested"
    member = move_to(bound, "2025-10-25")
    assert (member.get(path)["state"], policy(member, path)) == ("decommissioned", ("2025-10-25", "2026-01-01"))
    assert member.delete(path)["state"] == "archived"


def test_a_port_that_was_added_is_charged_from_its_own_first_day(bound: Site) -> None:
    member = bound.login("member")
    connection = member.order_connection(mode="lag_lacp", port_quantity=2)["id"]
    bound.reconcile()
    member = move_to(bound, "2025-03-15")
    added = f"/port-reservations/{member.post('/port-reservations', {'connection': connection})['id']}"
    bound.reconcile()
    member = move_to(bound, "2025-06-10")
    assert policy(member, added) == ("2025-06-15", "2026-03-15")
    # With its connection it leaves on the connection's day, and is charged by its own.
    member.delete(f"/connections/{connection}")
    assert days_of(member.get(added)) == ("2025-06-15", "2026-03-15")
    assert member.faults("DELETE", added, {"decommission_at": "2025-06-16"}).keys() == {"decommission_at"}


@pytest.mark.parametrize("what", ["port", "router"])
def test_single_ports_and_routing_functions_end_today_before_production(bound: Site, what: str) -> None:
    member = bound.login("member")
    bundle = member.order_connection(mode="lag_lacp", port_quantity=2)
    paths = {
        "port": f"/port-reservations/{bundle['port_reservations'][0]}",
        "router": f"/routing-functions/{member.order_router()['id']}",
    }
    assert policy(member, paths[what]) == policy(member, paths[what], "2025-03-01") == ("2025-01-01", "2025-01-01")
    early = member.delete(paths[what], 400, json={"decommission_at": "2024-12-31"})
    assert days_of(early) == ("2025-01-01", "2025-01-01")
    assert member.delete(paths[what], json={"decommission_at": "2025-03-01"})["state"] == "cancelled"
    assert policy(member, paths[what]) == ("2025-01-01", "2025-01-01")


@pytest.mark.parametrize("wished", ["2025-06-11", "2025-06-09", "0001-01-01"])
def test_a_day_before_the_earliest_is_refused_with_the_earliest(bound: Site, wished: str) -> None:
    _, connection, config = peering(bound)
    member = move_to(bound, "2025-06-10")
    for path in (connection, config):
        early = member.delete(path, 400, json={"decommission_at": wished})
        assert early["type"].endswith("/cancellation-policy-error.html")
        assert days_of(early) == ("2025-06-15", "2026-01-01")
        asked = member.get(f"{path}/cancellation-policy?decommission_at={wished}", 400)
        assert asked["type"].endswith("/validation-error.html")
        assert [each["name"] for each in asked["properties"]] == ["decommission_at"]
        assert days_of(asked) == ("2025-06-15", "2026-01-01")
        assert member.get(path)["state"] == "production"


@pytest.mark.parametrize("wished", ["", "tomorrow", "2025-02-31", "31.12.2025", "2025-6-15", "2025-06-15T00:00:00Z"])
def test_what_is_no_day_is_refused_with_the_earliest(bound: Site, wished: str) -> None:
    _, connection, _ = peering(bound)
    member = move_to(bound, "2025-06-10")
    asked = member.get(f"{connection}/cancellation-policy", 400, params={"decommission_at": wished})
    assert [each["name"] for each in asked["properties"]] == ["decommission_at"]
    assert days_of(asked) == ("2025-06-15", "2026-01-01")
    assert member.faults("DELETE", connection, {"decommission_at": wished}).keys() == {"decommission_at"}


def test_a_day_for_which_there_is_no_term_is_refused(bound: Site) -> None:
    _, connection, _ = peering(bound)
    member = move_to(bound, "2025-06-10")
    member.get(f"{connection}/cancellation-policy?decommission_at=9999-12-31", 400)
    assert member.faults("DELETE", connection, {"decommission_at": "9999-12-31"}).keys() == {"decommission_at"}


def test_years_that_renew_by_years_are_why_one_asks_first(site: Site) -> None:
    set_terms(site, **{**TERMS, "contract_renewal_period": "P1Y"})
    _, connection, _ = peering(site)
    for today, until in (("2025-10-01", "2026-01-01"), ("2025-10-02", "2027-01-01"), ("2026-12-02", "2028-01-01")):
        assert policy(move_to(site, today), connection) == (today, until)


def test_before_production_an_order_ends_today_whatever_the_terms(bound: Site) -> None:
    member = bound.login("member")
    path = f"/connections/{member.order_connection()['id']}"
    assert policy(member, path) == policy(member, path, "2025-03-01") == ("2025-01-01", "2025-01-01")
    member.get(f"{path}/cancellation-policy?decommission_at=2024-12-31", 400)
    early = member.delete(path, 400, json={"decommission_at": "2024-12-31"})
    assert days_of(early) == ("2025-01-01", "2025-01-01")
    cancelled = member.delete(path, json={"decommission_at": "2025-03-01"})
    assert (cancelled["state"], *days_of(cancelled)) == ("cancelled", None, None)
    assert policy(member, path) == ("2025-01-01", "2025-01-01")


def test_what_is_leaving_is_moved_as_far_as_its_terms_go(bound: Site) -> None:
    _, _, path = peering(bound)
    member = move_to(bound, "2025-06-10")
    member.delete(path, json={"decommission_at": "2025-12-01"})
    assert policy(member, path) == ("2025-12-01", "2026-01-01")
    assert days_of(member.delete(path, content=b"null", headers={"Content-Type": "application/json"})) == (
        "2025-12-01",
        "2026-01-01",
    )
    assert policy(member, path, "2026-01-10") == ("2026-01-10", "2026-02-01")
    assert policy(member, path) == ("2025-12-01", "2026-01-01"), "asking changes nothing"
    assert days_of(member.delete(path, json={"decommission_at": "2026-01-10"})) == ("2026-01-10", "2026-02-01")
    assert days_of(member.delete(path, json={"decommission_at": "2025-11-01"})) == ("2025-11-01", "2026-01-01")
    member = move_to(bound, "2025-10-20")
    assert policy(member, path, "2025-12-24") == ("2025-12-24", "2026-01-01"), "notice once given stands"
    assert policy(member, path, "2026-01-02") == ("2026-01-02", "2026-02-01")
    member.delete(path, 400, json={"decommission_at": "2025-10-24"})
    assert days_of(member.delete(path, json={"decommission_at": "2025-10-25"})) == ("2025-10-25", "2026-01-01")
    assert move_to(bound, "2025-10-24").get(path)["state"] == "decommission_requested"
    member = move_to(bound, "2025-10-25")
    gone = member.get(path)
    assert (gone["state"], *days_of(gone)) == ("decommissioned", "2025-10-25", "2026-01-01")
    assert policy(member, path) == policy(member, path, "2027-01-01") == ("2025-10-25", "2026-01-01")
    assert member.delete(path)["state"] == "archived"
    assert member.delete(path)["state"] == "archived"


def test_a_day_moved_later_leaves_it_in_the_network_until_then(bound: Site) -> None:
    _, _, path = peering(bound)
    member = move_to(bound, "2025-06-10")
    member.delete(path)
    member.delete(path, json={"decommission_at": "2025-06-20"})
    assert move_to(bound, "2025-06-19").get(path)["state"] == "decommission_requested"
    assert move_to(bound, "2025-06-20").get(path)["state"] == "decommissioned"


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        ("UTC", "2025-06-14T23:59:00Z", "2025-06-15T00:01:00Z"),
        ("Pacific/Auckland", "2025-06-14T11:59:00Z", "2025-06-14T12:01:00Z"),
        ("America/New_York", "2025-06-15T03:59:00Z", "2025-06-15T04:01:00Z"),
    ],
)
def test_a_day_begins_at_midnight_where_the_exchange_is(bound: Site, zone: str, before: str, after: str) -> None:
    set_rules(bound, timezone=zone)
    _, _, path = peering(bound)
    member = move_to(bound, "2025-06-10", hour=5)
    assert days_of(member.delete(path, json={"decommission_at": "2025-06-15"}))[0] == "2025-06-15"
    for moment, state in ((before, "decommission_requested"), (after, "decommissioned")):
        bound.clock.now = datetime.fromisoformat(moment)
        bound.reconcile()
        assert bound.login("member").get(path)["state"] == state


def test_what_is_held_is_given_back_once_it_is_out_of_the_network(bound: Site) -> None:
    _, _, path = peering(bound)
    member = move_to(bound, "2025-06-10")
    held = "select count(*) from claim where kind <> 'port' and released_at is null"
    before = bound.connection.execute(held).fetchone()
    member.delete(path)
    bound.reconcile()
    assert bound.connection.execute(held).fetchone() == before != (0,)
    move_to(bound, "2025-06-15")
    assert bound.connection.execute(held).fetchone() == (0,)


def test_sessions_go_with_their_config_and_move_with_it(bound: Site) -> None:
    _, _, path = peering(bound)
    member = move_to(bound, "2025-06-09")
    config = path.split("/")[-1]
    ip = member.get(f"/ips?network_service_config={config}")[0]["id"]
    session = f"/network-feature-configs/{member.order_session(config, ip)['id']}"
    member = move_to(bound, "2025-06-10")
    member.delete(path)
    assert member.get(session)["state"] == "decommission_requested"
    member.delete(path, json={"decommission_at": "2025-07-01"})
    assert move_to(bound, "2025-06-20").get(session)["state"] == "decommission_requested"
    assert move_to(bound, "2025-07-01").get(session)["state"] == "decommissioned"


def test_each_has_its_own_terms_and_a_connection_does_not_end_its_configs(bound: Site) -> None:
    set_terms(bound, "peering", **dict.fromkeys(TERMS))
    _, connection, config = peering(bound)
    member = move_to(bound, "2025-06-10")
    assert policy(member, connection) == ("2025-06-15", "2026-01-01")
    assert policy(member, config) == ("2025-06-15", "2025-06-15")
    member.delete(connection)
    assert policy(member, config) == ("2025-06-15", "2025-06-15")
    assert member.get(config)["state"] == "production"


def test_configs_go_with_their_service_by_terms_of_their_own(bound: Site) -> None:
    _, _, path = peering(bound)
    days = {"state": "decommission_requested", "decommission_at": "2025-08-01", "charged_until": "2025-08-01"}
    bound.connection.execute("update document set body = body || %s::jsonb where id = 'lan'", (to_json(days).decode(),))
    member = move_to(bound, "2025-06-10")
    with bound.connection.transaction():
        order = Order(bound.connection, ExchangesOwn("operator:test", None, frozenset()), bound.clock())
        config = order.get("network-service-configs", path.split("/")[-1], CHANGE_LOCK)
        network_service_configs.follow(order, config, order.get("network-services", "lan"))
        order.hand_over()
    left = member.get(path)
    assert (left["state"], *days_of(left)) == ("decommission_requested", "2025-08-01", "2026-01-01")
    assert member.faults("DELETE", path, {"decommission_at": "2025-08-02"}).keys() == {"decommission_at"}
    assert [
        each["name"] for each in member.get(f"{path}/cancellation-policy?decommission_at=2025-08-02", 400)["properties"]
    ] == ["decommission_at"]
    assert days_of(member.delete(path, json={"decommission_at": "2025-07-01"})) == ("2025-07-01", "2026-01-01")
    assert move_to(bound, "2025-07-01").get(path)["state"] == "decommissioned"


def test_a_lead_time_holds_for_what_has_no_terms(site: Site) -> None:
    set_rules(site, disconnection_days=5)
    member, connection, _ = peering(site)
    assert days_of(member.delete(connection, 400, json={"decommission_at": "2025-01-05"})) == ("2025-01-06",) * 2
    assert days_of(member.delete(connection)) == ("2025-01-06", "2025-01-06")


def test_the_policy_is_for_those_who_see_the_object_in_full(bound: Site) -> None:
    bound.connection.execute("update document set body = body || '{\"state\": \"production\"}' where id = 'customer'")
    reseller = bound.login("reseller")
    path = f"/connections/{reseller.order_connection(consuming_account='customer')['id']}"
    bound.reconcile()
    for account in ("reseller", "customer", None):
        assert policy(bound.login(account), path) == ("2025-01-06", "2026-01-01")
    assert policy(bound.login("reseller", read_only=True), path) == ("2025-01-06", "2026-01-01")
    for day in ("", "?decommission_at=nonsense"):
        bound.login("rival").get(f"{path}/cancellation-policy{day}", 404)
    bound.login("member").get("/connections/nothing/cancellation-policy", 404)
    bound.login("member").get("/connections/nothing%00/cancellation-policy", 404)
    bound.login("member").get(path.replace("connections", "network-services") + "/cancellation-policy", 404)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    periods=st.tuples(*4 * [st.sampled_from([None, "P1D", "P10D", "P1M", "P3M", "P1Y"])]),
    lead=st.integers(0, 9),
    on=st.integers(0, 800),
    ahead=st.integers(-3, 400),
)
def test_a_delete_does_what_the_policy_said(
    site: Site, periods: tuple[str | None, ...], lead: int, on: int, ahead: int
) -> None:
    site.clock.now = datetime(2025, 1, 31, 9, tzinfo=UTC)
    set_terms(site, "port-10g", **dict(zip(TERMS, periods, strict=True)))
    set_rules(site, disconnection_days=lead)
    member = site.login("member")
    path = f"/connections/{member.order_connection()['id']}"
    site.reconcile()
    today = site.clock.now.date() + timedelta(days=on)
    earliest, wished = str(today + timedelta(days=lead)), str(today + timedelta(days=ahead))
    member = move_to(site, str(today))
    assert policy(member, path)[0] == earliest
    if wished < earliest:
        assert days_of(member.delete(path, 400, json={"decommission_at": wished})) == policy(member, path)
        wished = earliest
    told = policy(member, path, wished)
    assert told[1] >= told[0] == wished
    assert days_of(member.delete(path, json={"decommission_at": wished})) == told
    assert policy(member, path) == told
    assert move_to(site, wished).get(path)["state"] == "decommissioned"


def test_each_of_what_leaves_waits_for_one_day(site: Site) -> None:
    """However often it is looked at, and its day moved."""
    caller, connection, config = peering(site)
    for day in ("2026-10-01", "2026-10-05", "2026-10-03"):
        for path in (config, connection):
            caller.delete(path, json={"decommission_at": day})
            site.reconcile()
            caller.patch(path, {"external_ref": day})
            site.reconcile()
    rows = site.connection.execute("select subject, due_at::text from work where subject like 'document:%'").fetchall()
    assert len(rows) == len({subject for subject, _ in rows}) == 4, (
        "the config, and a connection with port and reservation"
    )
    assert {due for _, due in rows} == {"2026-10-03 00:00:00+00"}
