"""Lists: every filter finds what it should and nothing else; every object goes out as the standard describes it."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from peerhall.contract import schemas
from peerhall.contract.filters import FILTERS
from peerhall.contract.marks import NOT_NULL
from peerhall.contract.operations import BY_ID, OPERATIONS
from tests.api.cast import MANAGER, STRANGER
from tests.api.orders import fresh
from tests.installation import Caller, Site

LISTS = [operation for operation in OPERATIONS if operation.group in FILTERS and operation.id.endswith("_list")]


def read_table() -> list[list[str]]:
    lines = Path(__file__).with_name("filters.txt").read_text().splitlines()
    return [re.split(r" {2,}", line) for line in lines if line and not line.startswith("#")][1:]


ROWS = read_table()


@pytest.fixture(scope="module")
def manager(staged: Site) -> Caller:
    return staged.login(MANAGER)


@pytest.fixture(scope="module")
def operator(staged: Site) -> Caller:
    return staged.login(None)


def test_every_filter_has_a_row() -> None:
    known = {(collection, parameter.name) for collection, given in FILTERS.items() for parameter in given}
    tried = {(collection, re.sub("speed__", "speed_", name)) for collection, name, *_ in ROWS}
    assert known - tried == {("product-offerings", "fields")}, "which is no filter; see below"
    assert tried - known == set()


@pytest.mark.parametrize(("collection", "name", "finds", "misses", "wanted"), ROWS, ids=["-".join(r[:3]) for r in ROWS])
def test_filter(manager: Caller, collection: str, name: str, finds: str, misses: str, wanted: str) -> None:
    everything = manager.get(f"/{collection}")
    found = manager.get(f"/{collection}", params={name: finds})
    assert wanted in ids(found)
    assert all(each in everything for each in found)
    assert wanted not in ids(manager.get(f"/{collection}", params={name: "" if misses == '""' else misses}))


def ids(found: list[dict[str, Any]]) -> list[str]:
    return [each["id"] for each in found]


def test_filters_combine(manager: Caller) -> None:
    both = {"type": "exchange_lan", "outer_vlan": 100, "connection": "connection"}
    assert ids(manager.get("/network-service-configs", params=both)) == ["config"]
    assert manager.get("/network-service-configs", params={**both, "outer_vlan": 200}) == []


def test_speed_and_medium_are_of_the_same_ports(staged: Site, manager: Caller) -> None:
    for collection in ("devices", "pops", "facilities"):
        given = {"capability_speed_gte": 10000, "capability_media_type": "10GBASE-LR"}
        assert len(manager.get(f"/{collection}", params=given)) == 1
        assert manager.get(f"/{collection}", params={**given, "capability_speed_gt": 10000}) == []


@pytest.mark.parametrize(
    "query", ["id=rs1,rs2", "id=rs1&id=rs2", "id=rs2,,rs1,", "id=x,rs1&id=rs2,rs2", "id=rs1%2Crs2"]
)
def test_lists_of_ids_are_taken_in_both_forms(manager: Caller, query: str) -> None:
    assert ids(manager.get(f"/network-features?{query}")) == ["rs1", "rs2"]


def test_an_empty_list_of_ids_finds_nothing(manager: Caller) -> None:
    assert manager.get("/network-features?id=") == []


def test_a_parameter_given_twice_must_say_the_same(manager: Caller) -> None:
    assert len(manager.get("/network-features?name=rs1.example.net&name=rs1.example.net")) == 1
    problem = manager.get("/network-features?name=a&name=b&required=true", 400)
    assert [each["name"] for each in problem["properties"]] == ["name"]


def test_unknown_parameters_are_ignored(manager: Caller) -> None:
    assert manager.get("/network-features?colour=blue&page=3&=&x") == manager.get("/network-features")


def test_unknown_ids_match_nothing(manager: Caller) -> None:
    for name in ("connection", "network_service", "managing_account"):
        assert manager.get(f"/network-service-configs?{name}=no-such-thing") == []


@pytest.mark.parametrize("spelling", ["true", "True", "1"])
def test_booleans_are_taken_as_people_and_programs_write_them(manager: Caller, spelling: str) -> None:
    assert "peering" in ids(manager.get(f"/product-offerings?upgrade_allowed={spelling}"))


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/network-features?required=maybe", ["required"]),
        ("/product-offerings?upgrade_allowed=yes&bandwidth=fast", ["bandwidth", "upgrade_allowed"]),
        ("/product-offerings?type=ferry", ["type"]),
        ("/product-offerings?delivery_method=carrier_pigeon", ["delivery_method"]),
        ("/product-offerings?contract_initial_period=a+year", ["contract_initial_period"]),
        ("/network-services?type=lan", ["type"]),
        ("/connections?state=broken&state__is_not=fine", ["state", "state__is_not"]),
        ("/accounts?billable=perhaps&asn=AS64496", ["asn", "billable"]),
        ("/ips?version=four", ["version"]),
        ("/ips?version=4.0", ["version"]),
        ("/ips?version=%d9%a4", ["version"]),
        ("/ips?prefix_length=9223372036854775808", ["prefix_length"]),
        ("/ips?prefix_length=1_0", ["prefix_length"]),
        ("/ips?valid_not_before=yesterday", ["valid_not_before"]),
        ("/macs?valid_not_after=2026-02-30T00:00:00Z", ["valid_not_after"]),
        ("/devices?capability_speed__lt=", ["capability_speed_lt"]),
        ("/devices?name=%00", ["name"]),
        ("/devices?id=a,%00b", ["id"]),
    ],
)
def test_values_that_make_no_sense_are_named(manager: Caller, path: str, names: list[str]) -> None:
    problem = manager.get(path, 400)
    assert sorted(each["name"] for each in problem["properties"]) == names
    assert all(name in problem["detail"] for name in names)


@pytest.mark.parametrize("query", ["name=%ff", "%ff=name", "&".join(["id=x"] * 1001)])
def test_queries_that_cannot_be_read_are_refused(staged: Site, manager: Caller, query: str) -> None:
    assert manager.get(f"/devices?{query}", 400)["properties"]


def test_text_is_compared_as_it_is(manager: Caller) -> None:
    for value in ("%", "_", "'", '"', "\\", "rs1.example.ne%", "' or 1=1 --", "ü"):
        assert manager.get("/network-features", params={"name": value}) == []


@pytest.fixture(scope="module")
def archived(staged: Site) -> str:
    config = fresh(staged, "network-service-configs")
    statement = 'update document set body = body || \'{"state": "archived"}\' where id = %s'
    staged.connection.execute(statement, (config,))
    return config


def test_archived_objects_are_hidden(manager: Caller, archived: str) -> None:
    for query in ("", "?state__is_not=production", f"?id={archived}", "?network_service=lan", "?page_limit=1000"):
        assert archived not in ids(manager.get(f"/network-service-configs{query}"))


def test_archived_objects_are_shown_on_request(manager: Caller, archived: str) -> None:
    assert ids(manager.get("/network-service-configs?state=archived")) == [archived]
    assert manager.get(f"/network-service-configs/{archived}")["state"] == "archived"


def test_fields_gives_only_these_members_and_the_type(manager: Caller) -> None:
    found = manager.get("/product-offerings?type=exchange_lan&fields=name,bandwidth_min")
    assert found == [{"type": "exchange_lan", "name": "Peering", "bandwidth_min": 100}]


def test_fields_gives_what_is_then_the_same_once(manager: Caller) -> None:
    found = manager.get("/product-offerings?fields=service_provider,handover_metro_area")
    ours = [each["type"] for each in found if each["service_provider"] == "Example Exchange"]
    clouds = [each["service_provider"] for each in found if each["type"] == "cloud_vc"]
    assert len(ours) == len(set(ours)) == 7, "one of each type, however many offerings there are"
    assert len(ours) + len(clouds) - 1 == len(found), "one of the clouds is ours"
    assert len(clouds) == len(set(clouds)) == 3


def test_fields_with_the_id_keeps_all_apart(manager: Caller) -> None:
    assert len(manager.get("/product-offerings?fields=id")) == len(manager.get("/product-offerings"))


@pytest.mark.parametrize("fields", ["colour", "", ",", "type", "name;"])
def test_fields_ignores_unknown_members(manager: Caller, fields: str) -> None:
    assert all(each.keys() == {"type"} for each in manager.get(f"/product-offerings?fields={fields}"))


def test_fields_comes_after_filters_and_before_pages(manager: Caller) -> None:
    query = "/product-offerings?fields=service_provider&resource_type=network_service"
    everything = manager.get(query)
    assert {each["type"] for each in everything} == {"p2p_vc", "p2mp_vc", "mp2mp_vc", "cloud_vc"}
    first = manager.request("GET", query + "&page_limit=3")
    assert (first.status_code, first.headers["X-Pagination-Items"]) == (206, "6")
    assert manager.get(query + "&page_offset=3&page_limit=3", 206) == everything[3:]


@pytest.mark.parametrize("caller", [MANAGER, STRANGER, None])
def test_lists_and_reads_give_the_same_objects_in_order_of_age(staged: Site, caller: str | None) -> None:
    somebody = staged.login(caller)
    for operation in LISTS:
        found = somebody.get(operation.path)
        rows = staged.connection.execute(
            "select id from document where kind = %s order by serial", (operation.group,)
        ).fetchall()
        assert ids(found) == [row[0] for row in rows if row[0] in ids(found)]
        for each in found:
            assert each == somebody.get(f"{operation.path}/{each['id']}")


@pytest.mark.parametrize("operation", [operation.id for operation in LISTS])
def test_every_object_is_as_the_standard_describes_it(staged: Site, operator: Caller, operation: str) -> None:
    schema = str(BY_ID[operation].answer)
    found = operator.get(BY_ID[operation].path)
    assert found, "there must be something to look at"
    adapter: TypeAdapter[Any] = TypeAdapter(schemas.get_schema(schema))
    variants = schemas.get_variants(schema)
    for each in found:
        adapter.validate_python(each)
        model = variants[each["type"]] if "" not in variants else variants[""]
        fields = model.model_fields
        nullable = {name for name, field in fields.items() if NOT_NULL not in field.metadata}
        assert nullable - each.keys() == set(), "optional members that may be null are always there"
        assert {name for name, value in each.items() if value is None} <= nullable
        assert each.keys() <= fields.keys(), "nothing goes out that is not described"
        assert isinstance(each["id"], str)
        assert re.fullmatch(r"[A-Za-z0-9._:-]+", each["id"])
        assert all(entry["id"] for entry in each.get("status") or [])
