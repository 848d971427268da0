"""What is shown of an object to those who see only a part, and that nothing tells about what they do not see."""

import pytest

from peerhall.contract.filters import FILTERS
from tests.api.cast import MANAGER, STRANGER, USER
from tests.installation import Site

PART_OF_ACCOUNT = {"id", "name", "metro_area_network_presence"}
PART_OF_PUBLIC_SERVICE = {
    "id",
    "type",
    "product_offering",
    "display_name",
    "managing_account",
    "consuming_account",
}
WITHHELD_FROM_PARTICIPANTS = {
    "state",
    "status",
    "decommission_at",
    "charged_until",
    "current_billing_start_date",
    "external_ref",
    "purchase_order",
    "contract_ref",
    "billing_account",
    "member_joining_rules",
}
INVISIBLE = {
    "accounts": (MANAGER, USER, "member"),
    "connections": ("connection",),
    "contacts": ("contact",),
    "ips": ("ip", "address-v4"),
    "macs": ("mac",),
    "member-joining-rules": ("rule",),
    "network-feature-configs": ("session",),
    "network-service-configs": ("config", "circuit-config"),
    "network-services": ("tree", "circuit", "group-denying-rival"),
    "port-reservations": ("reservation-of-connection",),
    "ports": ("port-of-connection",),
    "role-assignments": ("assignment",),
    "routing-functions": ("router",),
}
"""What the stranger may not see, though it has come to know the ids."""

CHECKED = {
    "state",
    "state__is_not",
    "mode__is_not",
    "required",
    "fields",
    "valid_not_before",
    "valid_not_after",
    "contract_initial_period",
    "contract_initial_notice_period",
    "contract_renewal_period",
    "contract_renewal_notice_period",
}
"""Filters that do not take an id, or that everything but one value passes."""


def test_of_a_discoverable_account_strangers_see_its_name_and_presence(staged: Site) -> None:
    assert staged.login(MANAGER).get("/accounts/rival").keys() == PART_OF_ACCOUNT
    assert staged.login(MANAGER).get("/accounts/exchange").keys() == PART_OF_ACCOUNT


@pytest.mark.parametrize("service", ["tree-public", "group-public"])
def test_of_a_public_service_strangers_see_what_it_takes_to_join(staged: Site, service: str) -> None:
    seen = staged.login(STRANGER).get(f"/network-services/{service}")
    assert seen.keys() == PART_OF_PUBLIC_SERVICE
    assert seen["managing_account"] == MANAGER


def test_the_b_side_of_a_circuit_sees_where_it_is_in_its_life(staged: Site) -> None:
    seen = staged.login(STRANGER).get("/network-services/circuit-to-rival")
    shown = {"state", "status", "decommission_at"}
    assert seen.keys() == staged.stored("circuit-to-rival").keys() - (WITHHELD_FROM_PARTICIPANTS - shown)


@pytest.mark.parametrize("service", ["group-allowing-rival", "group-joined-by-rival"])
def test_of_a_private_service_participants_see_all_but_the_owners_affairs(staged: Site, service: str) -> None:
    seen = staged.login(STRANGER).get(f"/network-services/{service}")
    assert seen.keys() == staged.stored(service).keys() - WITHHELD_FROM_PARTICIPANTS


def test_a_part_is_the_same_in_a_list_and_alone(staged: Site) -> None:
    stranger = staged.login(STRANGER)
    for kind in ("accounts", "network-services"):
        for each in stranger.get(f"/{kind}"):
            assert each == stranger.get(f"/{kind}/{each['id']}")


def test_an_account_is_not_told_who_stands_above_it(staged: Site) -> None:
    user = staged.login(USER)
    for seen in (user.get("/account"), user.get(f"/accounts/{USER}"), user.get(f"/accounts?id={USER}")[0]):
        assert seen["managing_account"] is None
    assert user.patch(f"/accounts/{USER}", {"external_ref": "told"})["managing_account"] is None
    assert user.get(f"/accounts?managing_account={MANAGER}") == []
    manager = staged.login(MANAGER)
    assert manager.get(f"/accounts/{USER}")["managing_account"] == MANAGER
    assert USER in [each["id"] for each in manager.get(f"/accounts?managing_account={MANAGER}")]


@pytest.mark.parametrize("account", [STRANGER, USER])
def test_whoever_sees_a_part_cannot_find_out_the_rest_by_filtering(staged: Site, account: str) -> None:
    """A filter on what is withheld matches nothing of which the caller sees only a part, right or wrong."""
    caller = staged.login(account)
    for kind in ("accounts", "network-services"):
        parts = {each["id"]: each for each in caller.get(f"/{kind}") if each != staged.stored(each["id"])}
        for parameter in FILTERS[kind]:
            member = parameter.name.removesuffix("__is_not")
            for id_, part in parts.items():
                if member in part or id_ == account:
                    continue
                value = staged.stored(id_).get(member) or "production"
                values = {"billable": ["0", "1"], "asn": ["64496"]}.get(member, [value, "decommissioned"])
                for each in values:
                    found = caller.get(f"/{kind}", params={parameter.name: each})
                    assert id_ not in [one["id"] for one in found], f"{kind}?{parameter.name}={each}"


@pytest.mark.parametrize("kind", FILTERS)
def test_naming_what_one_does_not_see_finds_the_same_as_naming_nothing(staged: Site, kind: str) -> None:
    stranger = staged.login(STRANGER)
    seen = stranger.request("GET", f"/{kind}").text
    hidden = [id_ for ids in INVISIBLE.values() for id_ in ids if f'"{id_}"' not in seen]
    free_of_rules = [each for each in FILTERS[kind] if each.type in ("text", "list") and each.name not in CHECKED]
    for parameter in free_of_rules:
        values = [",".join(hidden)] if parameter.type == "list" else hidden
        found = {value: stranger.get(f"/{kind}", params={parameter.name: value}) for value in [*values, "nothing"]}
        assert [value for value in found if found[value] != found["nothing"]] == []


@pytest.mark.parametrize("kind", INVISIBLE)
def test_what_one_does_not_see_is_not_there(staged: Site, kind: str) -> None:
    stranger = staged.login(STRANGER)
    for id_ in INVISIBLE[kind]:
        problem = stranger.get(f"/{kind}/{id_}", 404)
        known_not_to_be = stranger.get(f"/{kind}/no-such-thing", 404)
        assert {**problem, "instance": None} == {**known_not_to_be, "instance": None}


def test_ids_of_another_kind_find_nothing(staged: Site) -> None:
    operator = staged.login(None)
    for kind in FILTERS:
        operator.get(f"/{kind}/{'rs1' if kind != 'network-features' else 'lan'}", 404)
