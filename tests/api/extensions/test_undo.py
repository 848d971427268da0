"""A cancellation is taken back while its day has not come, with all that was to leave with it."""

from typing import Any

import pytest

from tests.installation import Caller, Site

BASE = "/api/ext/undo/v1"


def undo(site: Site, caller: Caller, kind: str, document: str, status: int = 200, **options: Any) -> Any:
    answer = caller.request("POST", f"{site.origin}{BASE}/{kind}/{document}", **options)
    assert answer.status_code == status, answer.text
    return answer.json()


def build(site: Site) -> tuple[Caller, dict[str, Any], dict[str, Any]]:
    """A member with a connection, a config and sessions, all in production."""
    member = site.login("member")
    connection = member.order_connection()
    site.reconcile()
    config = member.order_peering(connection["id"], macs=[member.order_mac()["id"]])
    site.reconcile()
    for ip in config["ips"]:
        member.order_session(config["id"], ip)
    site.reconcile()
    return member, connection, config


def everything(site: Site) -> list[Any]:
    kinds = ["connections", "ports", "port-reservations", "network-service-configs", "network-feature-configs"]
    return site.connection.execute(
        "select id, body - 'status', meta - 'network' from document where kind = any(%s) order by id", (kinds,)
    ).fetchall()


@pytest.mark.parametrize("kind", ["connections", "network-service-configs"])
def test_what_was_to_leave_stays_as_it_was(site: Site, kind: str) -> None:
    member, connection, config = build(site)
    document = connection["id"] if kind == "connections" else config["id"]
    before, state = everything(site), site.stored(document)["state"]
    assert state == "production"
    member.delete(f"/{kind}/{document}", json={"decommission_at": "2026-10-01"})
    site.reconcile()
    assert everything(site) != before
    tried = undo(site, member, kind, document, headers={"Prefer": "dry-run"})
    assert site.stored(document)["state"] == "decommission_requested"
    back = undo(site, member, kind, document)
    assert (back["state"], back["decommission_at"], back["charged_until"]) == ("production", None, None)
    assert {**tried, "status": []} == {**back, "status": []}
    site.reconcile()
    assert everything(site) == before
    site.clock.turn(days=60)
    site.reconcile()
    assert everything(site) == before, "the day that was set is forgotten"


def test_what_is_not_leaving_cannot_be_taken_back(site: Site) -> None:
    member, connection, config = build(site)
    for kind, document in (("connections", connection["id"]), ("network-service-configs", config["id"])):
        assert "production" in undo(site, member, kind, document, 400)["detail"]
    member.delete(f"/network-service-configs/{config['id']}")
    site.reconcile()
    assert "decommission" in undo(site, member, "network-service-configs", config["id"], 400)["detail"]


def test_once_the_day_has_come_it_is_too_late(site: Site) -> None:
    member, _, config = build(site)
    member.delete(f"/network-service-configs/{config['id']}", json={"decommission_at": "2026-09-02"})
    site.clock.turn(days=1)
    undo(site, site.login("member"), "network-service-configs", config["id"], 400)


def test_only_who_may_change_it_may_take_it_back(site: Site) -> None:
    member, connection, _ = build(site)
    member.delete(f"/connections/{connection['id']}", json={"decommission_at": "2026-10-01"})
    undo(site, site.login("rival"), "connections", connection["id"], 404)
    undo(site, site.login("member", read_only=True), "connections", connection["id"], 403)
    undo(site, site.login("member"), "connections", "nothing", 404)
    outcomes = site.connection.execute(
        "select outcome from journal where operation = 'connections_cancellation_undo' order by serial"
    ).fetchall()
    assert outcomes == [("refused",)] * 3
