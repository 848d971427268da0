"""Whatever an export looks like: nothing crashes, no member is lost without a word, and the second time is empty."""

import os
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from peerhall.exchange.claims import ADDRESS
from peerhall.intake.ixf.importing import import_export
from peerhall.intake.ixf.reading import parse_export
from peerhall.intake.ixf.remarks import Remarks, Topic
from peerhall.provisioning.adoption import adopt
from peerhall.store import documents
from peerhall.store.database import SyncConnection
from tests.clock import Clock
from tests.intake.support import check_all, claims_of, everything

NOISE = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.just([]), st.just({}), st.floats())


@st.composite
def maybe(draw: st.DrawFn, strategy: st.SearchStrategy[Any], one_in: int = 20) -> Any:
    """Mostly what it should be; now and then something else altogether."""
    return draw(NOISE) if draw(st.integers(1, one_in)) == one_in else draw(strategy)


@st.composite
def objects(draw: st.DrawFn, **members: st.SearchStrategy[Any]) -> dict[str, Any]:
    """An object of which now and then a member is missing."""
    return {name: draw(strategy) for name, strategy in members.items() if draw(st.integers(1, 12)) != 12}


def lists(strategy: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[Any]:
    return maybe(st.lists(maybe(strategy), min_size=1, max_size=most))


IDS = st.sampled_from([0, 1, 2, "1", "x"])
NAMES = st.sampled_from(["Alpha", "Beta", "alpha", "", "x" * 120, "Cork One", "sw1.ork1", "Example LAN", "CORK"])
ADDRESSES_V4 = st.sampled_from(
    [
        "192.0.2.10",
        "192.0.2.11",
        "192.0.2.1",
        "192.0.2.200",
        "10.0.0.1",
        "10.0.1.1/24",
        "224.0.0.1",
        "bad",
        "2001:db8::5",
    ]
)
ADDRESSES_V6 = st.sampled_from(
    ["2001:db8:1::10", "2001:db8:1::11", "2001:db8:1::1", "2001:db8:9::1", "fe80::1", "10.0.0.9"]
)
MACS = st.sampled_from(["02:00:00:00:00:01", "0200.0000.0001", "02-00-00-00-00-02", "ff:ff:ff:ff:ff:ff", "nonsense"])


def attachment(addresses: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return objects(
        address=maybe(addresses),
        as_macro=maybe(st.sampled_from(["AS-ONE", "RIPE::AS-TWO", "as 3", "A" * 150, ""])),
        max_prefix=maybe(st.sampled_from([0, 10, -1, "20", 10**12])),
        routeserver=maybe(st.booleans()),
        mac_addresses=lists(MACS, 2),
        services=st.sampled_from([None, None, None, None, [{"type": "ixrouteserver"}], ["ixroutecollector"]]),
    )


PRESENCES = objects(
    vlan_id=maybe(IDS),
    ipv4=maybe(attachment(ADDRESSES_V4)),
    ipv6=maybe(attachment(ADDRESSES_V6)),
    mac_address=maybe(MACS),
)
INTERFACES = objects(
    switch_id=maybe(IDS), if_speed=maybe(st.sampled_from([1000, 10000, "10000", 0])), if_type=maybe(NAMES)
)
CONNECTIONS = objects(
    ixp_id=maybe(IDS),
    state=maybe(st.sampled_from(["active", "active", "active", "inactive"])),
    connected_since=maybe(st.sampled_from(["2020-01-01T00:00:00Z", "2020-13-01", "yesterday"])),
    if_list=lists(INTERFACES, 3),
    vlan_list=lists(PRESENCES, 3),
)
MEMBERS = objects(
    asnum=maybe(st.sampled_from([64496, 64497, 64500, "64498", "AS64499", 0])),
    name=maybe(NAMES),
    member_type=maybe(st.sampled_from(["peering", "peering", "ixp", "routeserver"])),
    connection_list=lists(CONNECTIONS, 3),
)
PREFIXES_V4 = objects(
    prefix=maybe(st.sampled_from(["192.0.2.0", "192.0.2.128", "10.0.0.0"])), mask_length=maybe(st.just(25))
)
PREFIXES_V6 = objects(prefix=maybe(st.sampled_from(["2001:db8:1::", "2001:db8:9::"])), mask_length=maybe(st.just(64)))
IXPS = objects(
    ixp_id=maybe(IDS),
    shortname=maybe(NAMES),
    name=maybe(NAMES),
    country=maybe(st.just("IE")),
    ixf_id=maybe(st.integers(0, 3)),
    vlan=lists(objects(id=maybe(IDS), name=maybe(NAMES), ipv4=maybe(PREFIXES_V4), ipv6=maybe(PREFIXES_V6)), 2),
    switch=lists(objects(id=maybe(IDS), name=maybe(NAMES), colo=maybe(NAMES), city=maybe(NAMES)), 2),
)
EXPORTS = st.fixed_dictionaries(
    {
        "version": st.sampled_from(["0.6", "0.7", "1.0"]),
        "member_list": st.lists(maybe(MEMBERS), min_size=1, max_size=5),
    },
    optional={"ixp_list": lists(IXPS, 2), "timestamp": NOISE},
)

FUZZING = bool(os.environ.get("PEERHALL_FUZZ"))

# Each example imports several times into a database, so few of them are tried, and a failing one is shown as it is:
# making it smaller would take minutes.
BOUNDED = settings(
    max_examples=1000 if FUZZING else 30,
    derandomize=bool(os.environ.get("CI")),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


def check_import(connection: SyncConnection, content: Any) -> None:
    """Imports twice in a transaction that is rolled back."""
    clock = Clock()
    with connection.transaction(force_rollback=True):
        remarks = Remarks()
        export = parse_export(content, remarks)
        first = import_export(connection, export, remarks.found, "test", clock())
        adopt(connection, first.adopted, clock())
        stored = everything(connection)
        check_all(stored.values())
        check_nobody_is_lost(content, remarks, stored)
        check_claims(connection, stored)
        held = claims_of(connection)
        second = import_export(connection, export, remarks.found, "test", clock())
        assert second.is_empty, [*second.merged.added, *(change.members() for change in second.merged.changed)]
        assert everything(connection) == stored
        assert claims_of(connection) == held


def check_nobody_is_lost(content: Any, remarks: Remarks, stored: Any) -> None:
    skipped = sum(remark.topic is Topic.SKIPPED for remark in remarks.found)
    asns = {str(record.meta.get("key")) for record in stored.values() if record.kind == "accounts"}
    lost = 0
    for entry in content["member_list"]:
        digits = "".join(filter(str.isdigit, str(entry.get("asnum")))) if isinstance(entry, dict) else ""
        lost += f"AS{digits}" not in asns
    assert not lost or skipped


def check_claims(connection: SyncConnection, stored: Any) -> None:
    """Every address of a config is held by it."""
    held = {(scope, value): holder for kind, scope, value, holder in claims_of(connection) if kind == ADDRESS}
    for record in stored.values():
        if record.kind == "network-service-configs":
            for each in documents.find_many(connection, record.body["ips"]).values():
                assert held[record.body["network_service"], each.body["address"]] == record.id


@BOUNDED
@given(EXPORTS)
def test_into_an_exchange_that_is_described(connection: SyncConnection, content: Any) -> None:
    check_import(connection, content)


@BOUNDED
@given(EXPORTS)
def test_into_nothing(empty: SyncConnection, content: Any) -> None:
    check_import(empty, content)


@BOUNDED
@given(EXPORTS, EXPORTS)
def test_one_after_the_other(empty: SyncConnection, earlier: Any, later: Any) -> None:
    """What the later export lacks is retired; then there is nothing more to do."""
    clock = Clock()
    with empty.transaction(force_rollback=True):
        for content, retiring in ((earlier, False), (later, False), (later, True)):
            remarks = Remarks()
            export = parse_export(content, remarks)
            imported = import_export(empty, export, remarks.found, "test", clock(), retire_missing=retiring)
            adopt(empty, imported.adopted, clock())
            check_all(everything(empty).values())
        again = import_export(empty, export, remarks.found, "test", clock(), retire_missing=True)
        assert again.is_empty, [*again.merged.added, *(change.members() for change in again.merged.changed)]
