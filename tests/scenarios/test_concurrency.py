"""Sixty-four clients want the same thing at the same moment: one gets it, the others read why they do not."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.clock import Clock
from tests.installation import Caller, Site
from tests.orderdesk.test_accounts import admit, sub_account
from tests.orderdesk.test_connections import set_offering
from tests.orderdesk.test_exchange_lans import CONFIGS, body, connect, dot1q
from tests.waiting import wait_until
from tests.world import BILLING

CLIENTS = 64
SECONDS = 60

Request = tuple[Caller, str, dict[str, Any]]
Answers = list[tuple[str, httpx.Response]]
"""Who asked, and what they were answered."""


@pytest.fixture
def site(database: str, clock: Clock) -> Iterator[Site]:
    """An installation with room for many at once."""
    with Site(database, clock, connections=40).open() as site:
        yield site


def all_at_once(site: Site, requests: list[Request]) -> Answers:
    """Sends every request on a connection of its own, and again where it is to be tried again later."""
    barrier = threading.Barrier(len(requests))

    def send(request: Request) -> tuple[str, httpx.Response]:
        caller, path, order = request
        headers = {"Authorization": f"Bearer {caller.token}"}
        with httpx.Client(base_url=site.url, timeout=SECONDS) as http:
            # Connected after the wait only: the server hangs up on who is silent for seconds, as on a busy machine.
            barrier.wait(SECONDS)
            deadline = time.monotonic() + SECONDS
            while (answer := http.post(path, json=order, headers=headers)).status_code == 503:
                assert time.monotonic() < deadline, "it is not getting better"
                time.sleep(int(answer.headers["Retry-After"]))
            return caller.token, answer

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(send, requests))


def one_wins(answers: Answers) -> tuple[tuple[str, Any], list[tuple[str, Any]]]:
    """The winner with the object, and the losers with their problems."""
    statuses = sorted(answer.status_code for _, answer in answers)
    assert statuses == [201] + [400] * (len(answers) - 1)
    told = [(token, answer.json()) for token, answer in answers]
    winner = next(each for each in told if "status" not in each[1] or isinstance(each[1]["status"], list))
    return winner, [each for each in told if each is not winner]


def fault(problem: Any) -> tuple[str, str]:
    [found] = problem["properties"]
    return found["name"], found["reason"]


def alternating(*choices: Callable[[], Request]) -> list[Request]:
    return [choices[n % len(choices)]() for n in range(CLIENTS)]


def count(site: Site, table: str, condition: str = "true") -> int:
    row = site.connection.execute(f"select count(*) from {table} where {condition}").fetchone()  # type: ignore[arg-type]
    assert row is not None
    return int(row[0])


def test_the_same_vlan_on_one_connection(site: Site) -> None:
    reseller = site.login("reseller")
    reseller.patch("/accounts/customer", {"billing_information": BILLING})
    customer = site.login("customer")
    shared = reseller.order_connection(consuming_account="customer")["id"]
    order = body(shared, vlan_config=dot1q(100))
    answers = all_at_once(site, alternating(lambda: (reseller, CONFIGS, order), lambda: (customer, CONFIGS, order)))

    (_, config), losers = one_wins(answers)
    for token, problem in losers:
        name, reason = fault(problem)
        assert name == "vlan_config.vlan"
        assert "100 is in use" in reason
        may_know = token == reseller.token or config["consuming_account"] == "customer"
        assert (config["id"] in reason) == may_know
    assert count(site, "vlan_claim", "released_at is null") == 1
    assert count(site, "document", "kind = 'network-service-configs'") == 1


def test_the_last_free_address_of_a_lan(site: Site) -> None:
    set_offering(site, "lan", subnet_v4="192.0.2.0/28")
    member, rival = site.login("member"), site.login("rival")
    own, others = connect(site, member), connect(site, rival)
    for _ in range(4):
        member.order_peering(own)
    answers = all_at_once(
        site, alternating(lambda: (member, CONFIGS, body(own)), lambda: (rival, CONFIGS, body(others, asns=[64497])))
    )

    (token, config), losers = one_wins(answers)
    winner = member if token == member.token else rival
    assert winner.get(f"/ips?network_service_config={config['id']}")[0]["address"] == "192.0.2.14"
    for _, problem in losers:
        assert problem["type"].endswith("/unable-to-fulfill.html")
        assert "no free IPv4 address" in problem["detail"]
    assert count(site, "document", "kind = 'network-service-configs'") == 5
    assert count(site, "claim", "kind = 'address' and released_at is null") == 10
    assert count(site, "vlan_claim", "released_at is null") == 5


def test_the_same_mac_on_one_lan(site: Site) -> None:
    member, rival = site.login("member"), site.login("rival")
    requests = []
    for caller in (member, rival):
        connection = connect(site, caller)
        mac = caller.order_mac("02:00:5e:00:53:64")["id"]
        requests.append((caller, CONFIGS, body(connection, macs=[mac])))
    (winner, config), losers = one_wins(all_at_once(site, requests * (CLIENTS // 2)))

    for token, problem in losers:
        name, reason = fault(problem)
        assert name == "macs.0"
        assert "in use on this LAN" in reason
        assert (config["id"] in reason) == (token == winner)
    assert count(site, "claim", "kind = 'mac' and released_at is null") == 1
    assert count(site, "document", "kind = 'network-service-configs'") == 1
    assert count(site, "document", "kind = 'ips'") == 2


def test_the_same_prefix(site: Site) -> None:
    member, rival = site.login("member"), site.login("rival")
    order = {"version": 4, "address": "198.51.100.0", "prefix_length": 24}
    within = {**order, "prefix_length": 25}
    (winner, prefix), losers = one_wins(
        all_at_once(
            site,
            alternating(
                lambda: (member, "/ips", order),
                lambda: (rival, "/ips", order),
                lambda: (member, "/ips", within),
                lambda: (rival, "/ips", within),
            ),
        )
    )
    for token, problem in losers:
        name, reason = fault(problem)
        assert name == "address"
        assert "overlaps" in reason
        assert (prefix["id"] in reason) == (token == winner)
    assert count(site, "prefix_claim", "released_at is null and holder <> 'lan'") == 1
    assert count(site, "document", "kind = 'ips'") == 1


def test_many_different_orders_are_all_carried_out(site: Site) -> None:
    """Nothing in common but the LAN and the accounts: nobody is refused, nothing is given twice."""
    callers = [site.login(account) for account in ("member", "rival", "reseller")]
    connections = [connect(site, caller) for caller in callers]
    requests = [(callers[n % 3], CONFIGS, body(connections[n % 3])) for n in range(48)]
    answers = all_at_once(site, requests)
    assert {answer.status_code for _, answer in answers} == {201}
    configs = [answer.json() for _, answer in answers]
    tags = {(each["connection"], each["vlan_config"]["vlan"]) for each in configs}
    addresses = {ip for each in configs for ip in each["ips"]}
    assert (len(tags), len(addresses)) == (48, 96)
    assert count(site, "claim", "kind = 'address' and released_at is null") == 96


@pytest.mark.parametrize("ending", ["closed", "no longer billed"])
def test_an_account_does_not_end_under_an_order(site: Site, ending: str) -> None:
    reseller = site.login("reseller")
    account = sub_account(reseller, billing_information=BILLING)
    admit(reseller, account)
    wanted = {"mode": "standalone", "product_offering": "port-10g", "port_quantity": 1, "consuming_account": account}

    def order() -> Any:
        return reseller.post("/connections", {**wanted, "billing_account": account})

    def end() -> Any:
        if ending == "closed":
            return reseller.unable("DELETE", f"/accounts/{account}")
        return reseller.unable("PATCH", f"/accounts/{account}", {"billing_information": None})

    with ThreadPoolExecutor(2) as pool:
        with site.connection.transaction():
            site.connection.execute("select 1 from document where kind = 'devices' for update")
            ordered = pool.submit(order)
            wait_until(lambda: waiting(site) == 1)
            ended = pool.submit(end)
            wait_until(lambda: waiting(site) == 2 or ended.done())
        assert ordered.result()["id"] in str(ended.result()["conflicts"])


@pytest.mark.parametrize("first", ["session", "config"])
def test_a_session_is_not_for_an_asn_that_its_config_loses_at_the_same_time(site: Site, first: str) -> None:
    member = site.login("member")
    connection = member.order_connection()["id"]
    config = member.order_peering(connection, macs=[member.order_mac()["id"]], asns=[64496, 64499])
    session = member.order_session(config["id"], config["ips"][0])
    site.reconcile()
    changes = {
        "session": (f"/network-feature-configs/{session['id']}", {"asn": 64499}),
        "config": (f"/network-service-configs/{config['id']}", {"asns": [64496]}),
    }

    def change(name: str) -> int:
        path, members = changes[name]
        return int(member.request("PATCH", path, json=members).status_code)

    with ThreadPoolExecutor(2) as pool:
        with site.connection.transaction():
            site.connection.execute("select 1 from document where id = 'member' for update")
            one = pool.submit(change, first)
            wait_until(lambda: waiting(site) == 1)
            other = pool.submit(change, ({*changes} - {first}).pop())
            wait_until(lambda: waiting(site) == 2)
        assert (one.result(), other.result()) == (202, 400)


def waiting(site: Site) -> int:
    """How many transactions wait for a lock."""
    site.connection.execute("select pg_stat_clear_snapshot()")
    row = site.connection.execute(
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
    ).fetchone()
    assert row is not None
    return int(row[0])
