"""A member leaves an exchange, from the first look at what it costs to the closed account; by a turned clock.

Its contract is for a year, and goes on by the month: three months' notice before the year is over, one afterwards. The
exchange disconnects nothing within less than five days.
"""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic_core import to_json

from tests.clock import Clock
from tests.installation import Caller, Site

CONTRACT = {
    "contract_initial_period": "P1Y",
    "contract_initial_notice_period": "P3M",
    "contract_renewal_period": "P1M",
    "contract_renewal_notice_period": "P1M",
}


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.now = datetime(2025, 1, 1, 9, tzinfo=UTC)
    return clock


@pytest.fixture
def site(site: Site) -> Site:
    def merge(column: str, table: str, where: str, members: Any) -> None:
        statement = f"update {table} set {column} = {column} || %s::jsonb where {where}"
        site.connection.execute(statement, (to_json(members).decode(),))  # type: ignore[call-overload]

    merge("body", "document", "id in ('port-10g', 'peering')", CONTRACT)
    merge("value", "setting", "name = 'exchange'", {"disconnection_days": 5, "timezone": "Europe/Dublin"})
    return site


def wait_until(site: Site, moment: str) -> Caller:
    """Time passes, and the network follows; nobody's login lasts that long."""
    site.clock.now = datetime.fromisoformat(moment)
    site.reconcile()
    return site.login("member")


def in_the_network(site: Site) -> int:
    row = site.connection.execute("select count(*) from claim where released_at is null and kind <> 'prefix'")
    return int(row.fetchone()[0])  # type: ignore[index]


def test_a_member_leaves(site: Site) -> None:
    member = site.login("member")
    contact = member.post("/contacts", {"name": "NOC", "email": "noc@example.net", "telephone": "+353 20 912 2000"})
    noc = member.post("/role-assignments", {"contact": contact["id"], "role": "role-noc"})
    connection = member.order_connection(mode="lag_lacp", port_quantity=2, role_assignments=[noc["id"]])
    site.reconcile()
    mac = member.order_mac()
    config = member.order_peering(connection["id"], macs=[mac["id"]], role_assignments=[noc["id"]])
    address = member.get(f"/ips?network_service_config={config['id']}")[0]
    session = member.order_session(config["id"], address["id"])
    site.reconcile()
    lan, line = f"/network-service-configs/{config['id']}", f"/connections/{connection['id']}"
    assert [member.get(path)["state"] for path in (lan, line)] == ["production", "production"]

    # In June it asks what leaving would come to: five days to the end, and the year is to be paid.
    member = wait_until(site, "2025-06-10T12:00:00Z")
    for path in (lan, line):
        assert member.get(f"{path}/cancellation-policy") == {
            "decommission_at": "2025-06-15",
            "charged_until": "2026-01-01",
        }
    # So it would rather stay as long as it pays; the day after would already cost another month.
    until = {"decommission_at": "2026-01-01"}
    assert member.get(f"{line}/cancellation-policy", params=until)["charged_until"] == "2026-01-01"
    later = {"decommission_at": "2026-01-02"}
    assert member.get(f"{line}/cancellation-policy", params=later)["charged_until"] == "2026-02-01"

    # It cancels the peering for December, and changes its mind about the day.
    left = member.delete(lan, json={"decommission_at": "2025-12-01"})
    assert (left["state"], left["decommission_at"], left["charged_until"]) == (
        "decommission_requested",
        "2025-12-01",
        "2026-01-01",
    )
    assert member.get(f"/network-feature-configs/{session['id']}")["state"] == "decommission_requested"
    early = member.delete(lan, 400, json={"decommission_at": "2025-06-11"})
    assert (early["decommission_at"], early["charged_until"]) == ("2025-06-15", "2026-01-01")
    member.delete(lan, json={"decommission_at": "2025-12-20"})

    # The MAC address can go at once, the contact not while the connection is in use.
    member.delete(f"/macs/{mac['id']}", 200)
    in_the_way = member.delete(f"/contacts/{contact['id']}", 409)["conflicts"]
    assert {each["resource_id"] for each in in_the_way} == {connection["id"]}

    # One port is enough for the rest of the year, but it is paid like the other.
    first = member.get(line)["port_reservations"][0]
    assert member.delete(f"/port-reservations/{first}")["charged_until"] == "2026-01-01"
    member.delete(line, json=until)
    in_the_way = member.unable("DELETE", "/accounts/member")["conflicts"]
    assert {each["resource_id"] for each in in_the_way} >= {connection["id"], config["id"], session["id"]}
    member.delete(f"/contacts/{contact['id']}", 200)

    member = wait_until(site, "2025-06-15T12:00:00Z")
    assert (member.get(line)["port_quantity"], member.get(line)["speed"]) == (1, 10000)
    assert member.get("/devices/switch")["capabilities"][0]["availability"] == 23

    # The peering goes at midnight in Dublin, the line keeps its light until its own day.
    member = wait_until(site, "2025-12-19T23:59:00Z")
    assert member.get(lan)["state"] == "decommission_requested"
    member = wait_until(site, "2025-12-20T00:01:00Z")
    assert [member.get(path)["state"] for path in (lan, line)] == ["decommissioned", "decommission_requested"]
    assert member.get(f"/network-feature-configs/{session['id']}")["state"] == "decommissioned"
    [port] = [each for each in member.get("/ports") if each["state"] == "decommission_requested"]
    assert port["operational_state"] == "up"

    member = wait_until(site, "2026-01-01T00:01:00Z")
    gone = member.get(line)
    assert (gone["state"], gone["decommission_at"], gone["charged_until"]) == (
        "decommissioned",
        "2026-01-01",
        "2026-01-01",
    )
    assert member.get("/devices/switch")["capabilities"][0]["availability"] == 24
    assert in_the_network(site) == 0

    # What is over is put away, and the account closed.
    assert [member.delete(path)["state"] for path in (lan, line)] == ["archived", "archived"]
    assert member.get("/connections") == member.get("/network-service-configs") == []
    assert member.delete("/accounts/member", 200)["state"] == "decommissioned"
