"""A later export changes what came from the earlier one, and only that; what was ordered or changed here stays."""

import copy
import json
from typing import Any

import pytest

from peerhall.exchange.records import Record
from peerhall.intake.identity import name_of
from peerhall.intake.ixf.importing import Imported
from peerhall.intake.ixf.remarks import Topic
from peerhall.intake.ixf.vanished import write_vanished
from peerhall.store import documents
from peerhall.store.database import SyncConnection
from tests.installation import Caller, Site
from tests.intake.support import DATA, bring_in, check_all, claims_of, everything, told


@pytest.fixture
def content() -> Any:
    return json.loads((DATA / "ixf-1.0.json").read_bytes())


def first_lan(content: Any, member: int) -> Any:
    """The presence of a member's first connection, to be changed."""
    return content["member_list"][member]["connection_list"][0]["vlan_list"][0]


def changes(imported: Imported) -> dict[str, set[str]]:
    """Which members change, by what they are of."""
    return {f"{change.after.kind} {name_of(change.after)}": set(change.members()) for change in imported.merged.changed}


def added(imported: Imported) -> list[str]:
    return sorted(f"{record.kind} {record.body.get('address', '')}".strip() for record in imported.merged.added)


def account_of(connection: SyncConnection, name: str) -> str:
    (account,) = [each.id for each in documents.find_all(connection, "accounts") if name_of(each) == name]
    return account


def of(connection: SyncConnection, kind: str, name: str) -> list[Record]:
    account = account_of(connection, name)
    return [each for each in documents.find_all(connection, kind) if each.consuming_account == account]


# What the export changes.


def test_a_name_that_changes_is_the_only_change(described: SyncConnection, content: Any) -> None:
    bring_in(described, content)
    before = everything(described)
    content["member_list"][0]["name"] = "Example Broadband and Sons"
    imported = bring_in(described, content)
    assert changes(imported) == {"accounts Example Broadband and Sons": {"name"}}
    assert imported.merged.added == imported.vanished == ()
    after = everything(described)
    assert [id_ for id_ in after if after[id_] != before[id_]] == [account_of(described, "Example Broadband and Sons")]
    assert bring_in(described, content).is_empty


def test_an_as_set_and_a_limit_that_change_reach_the_session(described: SyncConnection, content: Any) -> None:
    bring_in(described, content)
    first_lan(content, 0)["ipv4"] |= {"as_macro": "AS-LARGER", "max_prefix": 5000}
    imported = bring_in(described, content)
    ((_, members),) = changes(imported).items()
    assert members == {"as_set_v4", "max_prefix_v4"}
    session = imported.merged.changed[0].after
    assert (session.body["as_set_v4"], session.body["max_prefix_v4"]) == ("AS-LARGER", 5000)
    assert imported.adopted == (session.id,), "what the network has already needs nobody to configure it"


def test_a_member_that_joins_is_added(described: SyncConnection, content: Any) -> None:
    joins = content["member_list"].pop(0)
    bring_in(described, content)
    before = everything(described)
    content["member_list"].append(joins)
    imported = bring_in(described, content)
    assert {record.kind for record in imported.merged.added} == {
        "accounts",
        "connections",
        "ips",
        "macs",
        "network-feature-configs",
        "network-service-configs",
        "port-reservations",
        "ports",
    }
    assert {record.consuming_account or record.id for record in imported.merged.added} <= {
        account_of(described, "Example Broadband"),
        *(record.id for record in imported.merged.added),
    }
    after = everything(described)
    assert {after[id_].kind for id_ in before if after[id_] != before[id_]} <= {"devices"}
    check_all(after.values())


def test_a_mac_and_an_address_more_come_into_the_config_that_is_there(described: SyncConnection, content: Any) -> None:
    bring_in(described, content)
    (config,) = of(described, "network-service-configs", "Example Broadband")
    first_lan(content, 0)["ipv4"]["mac_addresses"].append("02:00:00:00:00:99")
    more = {**first_lan(content, 0), "ipv4": {"address": "192.0.2.99", "routeserver": False}, "ipv6": None}
    content["member_list"][0]["connection_list"][0]["vlan_list"].append(more)
    imported = bring_in(described, content)
    assert added(imported) == ["ips 192.0.2.99", "macs 02:00:00:00:00:99"]
    (now,) = of(described, "network-service-configs", "Example Broadband")
    assert now.id == config.id
    assert now.body["ips"][:2] == config.body["ips"]
    assert (len(now.body["ips"]), len(now.body["macs"])) == (3, 2)
    assert bring_in(described, content).is_empty


def test_the_order_of_members_and_ids_of_the_export_do_not_matter(described: SyncConnection, content: Any) -> None:
    bring_in(described, content)
    stored = everything(described)
    content["member_list"].reverse()
    for ixp in content["ixp_list"]:
        ixp["switch"].reverse()
    bring_in(described, content)
    after = everything(described)
    assert after.keys() == stored.keys()


# What the export no longer has.


def test_a_member_that_vanishes_is_listed_and_stays(described: SyncConnection, content: Any) -> None:
    bring_in(described, content)
    stored = everything(described)
    gone = content["member_list"].pop(0)
    imported = bring_in(described, content)
    assert imported.is_empty
    (member,) = [each for each in imported.vanished if not each.in_parent]
    assert (write_vanished(member), name_of(member.record), member.retired) == ("the member", gone["name"], False)
    assert everything(described) == stored


def test_with_retire_missing_a_member_leaves_as_if_it_had_asked(
    opened: Site, described: SyncConnection, content: Any
) -> None:
    bring_in(described, content)
    content["member_list"].pop(0)
    imported = bring_in(described, content, retire_missing=True)
    reasons = {each.record.kind: each.reason for each in imported.vanished if not each.retired}
    assert not imported.is_empty
    assert "the next import with --retire-missing closes it" in reasons["accounts"]
    assert bring_in(described, content, retire_missing=True).is_empty
    opened.reconcile()
    (config,) = of(described, "network-service-configs", "Example Broadband")
    (connection,) = of(described, "connections", "Example Broadband")
    assert (config.state, connection.state) == ("decommissioned", "decommissioned")
    again = bring_in(described, content, retire_missing=True)
    assert [each.record.kind for each in again.vanished if each.retired] == ["accounts"]
    (account,) = [each for each in documents.find_all(described, "accounts") if name_of(each) == "Example Broadband"]
    assert account.state == "decommissioned"
    held = {holder for *_, holder in claims_of(described)}
    assert held.isdisjoint({config.id, connection.id, account.id})
    assert bring_in(described, content, retire_missing=True).is_empty


def test_an_address_that_goes_to_another_member_changes_hands_in_one_import(
    described: SyncConnection, content: Any
) -> None:
    second = {**first_lan(content, 0), "ipv4": {"address": "192.0.2.99", "routeserver": False}, "ipv6": None}
    content["member_list"][0]["connection_list"][0]["vlan_list"].append(second)
    bring_in(described, content)
    moved = copy.deepcopy(content)
    moved["member_list"][0]["connection_list"][0]["vlan_list"].pop()
    moved["member_list"][2]["connection_list"][0]["vlan_list"].append(second)
    kept = bring_in(described, moved)
    assert [text for text in told(kept, Topic.CONFLICT) if text.startswith("AS64498 Pretend Mobile: 192.0.2.99")]
    assert kept.is_empty
    imported = bring_in(described, moved, retire_missing=True)
    assert "ips 192.0.2.99" in added(imported)
    assert told(imported, Topic.CONFLICT) == []
    (config,) = of(described, "network-service-configs", "Pretend Mobile")
    holders = {value: holder for kind, _, value, holder in claims_of(described) if kind == "address"}
    assert holders["192.0.2.99"] == config.id
    assert bring_in(described, moved, retire_missing=True).is_empty


def test_a_member_that_comes_back_comes_in_anew(opened: Site, described: SyncConnection, content: Any) -> None:
    bring_in(described, content)
    without = {**content, "member_list": content["member_list"][1:]}
    bring_in(described, without, retire_missing=True)
    opened.reconcile()
    bring_in(described, without, retire_missing=True)
    imported = bring_in(described, content)
    assert {"accounts", "connections"} <= {record.kind for record in imported.merged.added}
    assert told(imported, Topic.CONFLICT) == []
    assert bring_in(described, content).is_empty
    check_all(everything(described).values())


def test_what_another_exchange_brought_in_is_not_missing(described: SyncConnection, content: Any) -> None:
    bring_in(described, content)
    assert [
        each for each in bring_in(described, DATA / "ixf-0.7.json").vanished if each.record.kind != "accounts"
    ] == []


# What happened here in between.


@pytest.fixture
def member(opened: Site, described: SyncConnection, content: Any) -> Caller:
    """Example Broadband, logged in after the first import."""
    bring_in(described, content)
    return opened.login(account_of(described, "Example Broadband"))


def test_what_a_member_changed_is_not_undone_by_an_export_that_repeats_itself(
    described: SyncConnection, content: Any, member: Caller
) -> None:
    session = next(each for each in member.get("/network-feature-configs") if each["as_set_v4"])
    member.patch(f"/network-feature-configs/{session['id']}", {"as_set_v4": "AS-MINE@RIPE"})
    imported = bring_in(described, content)
    assert imported.is_empty
    assert told(imported, Topic.CONFLICT) == []
    assert member.get(f"/network-feature-configs/{session['id']}")["as_set_v4"] == "AS-MINE@RIPE"


def test_what_both_changed_is_told_and_left_to_people(described: SyncConnection, content: Any, member: Caller) -> None:
    session = next(each for each in member.get("/network-feature-configs") if each["as_set_v4"])
    member.patch(f"/network-feature-configs/{session['id']}", {"as_set_v4": "AS-MINE@RIPE"})
    first_lan(content, 0)["ipv4"]["as_macro"] = "AS-THEIRS"
    imported = bring_in(described, content)
    (conflict,) = told(imported, Topic.CONFLICT)
    assert "as_set_v4: the export has 'AS-THEIRS' now, but it was changed here to 'AS-MINE@RIPE'" in conflict
    assert imported.is_empty
    assert member.get(f"/network-feature-configs/{session['id']}")["as_set_v4"] == "AS-MINE@RIPE"


def test_what_a_member_cancelled_does_not_come_back(
    opened: Site, described: SyncConnection, content: Any, member: Caller
) -> None:
    session = member.get("/network-feature-configs")[0]
    member.delete(f"/network-feature-configs/{session['id']}")
    (config,) = member.get("/network-service-configs")
    imported = bring_in(described, content)
    assert [text for text in told(imported, Topic.CONFLICT) if "it was ended here by an order" in text]
    member.delete(f"/network-service-configs/{config['id']}")
    opened.reconcile()
    stored = everything(described)
    imported = bring_in(described, content)
    assert [text for text in told(imported, Topic.CONFLICT) if "presence on Cork Peering: it was ended here" in text]
    assert imported.is_empty
    assert everything(described) == stored


def test_what_a_member_ordered_is_left_to_the_order(
    opened: Site, described: SyncConnection, content: Any, member: Caller
) -> None:
    ordered = order_peering(opened, member)
    (address,) = [each for each in member.get(f"/ips?network_service_config={ordered['id']}") if each["version"] == 4]
    joins = {**first_lan(content, 0), "ipv4": {"address": address["address"], "routeserver": True}, "ipv6": None}
    content["member_list"][0]["connection_list"].append(
        {"ixp_id": 1, "if_list": [{"switch_id": 1, "if_speed": 10000}], "vlan_list": [joins]}
    )
    before = everything(described)
    imported = bring_in(described, content)
    (text,) = told(imported, Topic.ELSEWHERE)
    assert f"a connection with {address['address']}: a config that was ordered here has that address" in text
    assert imported.is_empty
    assert everything(described) == before


def test_an_address_that_was_ordered_by_somebody_else_is_not_taken(
    opened: Site, described: SyncConnection, content: Any, member: Caller
) -> None:
    ordered = order_peering(opened, member)
    (address,) = [each for each in member.get(f"/ips?network_service_config={ordered['id']}") if each["version"] == 4]
    first_lan(content, 2)["ipv4"]["address"] = address["address"]
    imported = bring_in(described, content)
    (conflict,) = told(imported, Topic.CONFLICT)
    assert conflict == (
        f"AS64498 Pretend Mobile: {address['address']} on Cork Peering, which Example Broadband holds by an order"
    )
    holders = {value: holder for kind, _, value, holder in claims_of(described) if kind == "address"}
    assert holders[address["address"]] == ordered["id"]


def test_a_connection_that_something_was_ordered_on_is_not_retired(
    opened: Site, described: SyncConnection, content: Any, member: Caller
) -> None:
    (connection,) = member.get("/connections")
    (config,) = member.get("/network-service-configs")
    member.delete(f"/network-service-configs/{config['id']}")
    opened.reconcile()
    order_peering(opened, member, connection["id"])
    content["member_list"].pop(0)
    imported = bring_in(described, content, retire_missing=True)
    reasons = {each.record.kind: each.reason for each in imported.vanished if not each.retired}
    assert reasons["connections"] == "1 network service configs were ordered on it here"
    assert member.get(f"/connections/{connection['id']}")["state"] == "production"


def order_peering(site: Site, member: Caller, connection: str = "") -> Any:
    """What the member orders itself, by the offerings of the file."""
    account = member.get("/account")["id"]
    address = {"country": "IE", "locality": "Cork", "postal_code": "T12", "street_address": "1 Example Street"}
    member.patch(f"/accounts/{account}", {"billing_information": {"name": "Example Broadband", "address": address}})
    offerings = {each["name"]: each["id"] for each in member.get("/product-offerings")}
    (lan,) = member.get("/network-services")
    ordered = connection or member.order_connection(product_offering=offerings["10G port"])["id"]
    config = member.order_peering(
        ordered,
        network_service=lan["id"],
        product_offering=offerings["Peering"],
        macs=[member.order_mac("02:00:5e:10:00:77")["id"]],
    )
    site.reconcile()
    return config
