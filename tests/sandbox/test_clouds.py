"""The pretended cloud providers: customers order there, whatever the demo offers can be had, and a provider refuses."""

from typing import Any

import pytest

from tests.sandbox.conftest import Rehearsal


def offerings(tenant: Rehearsal) -> list[Any]:
    return list(tenant.get("/product-offerings?type=cloud_vc"))


def owners(tenant: Rehearsal) -> dict[str, Any]:
    return dict.fromkeys(("managing_account", "consuming_account", "billing_account"), tenant.account("member"))


def order_cloud(tenant: Rehearsal, offering: Any, key: str, status: int = 201, **members: Any) -> Any:
    body = {"type": "cloud_vc", "product_offering": offering["id"], "cloud_key": key, **owners(tenant), **members}
    return tenant.call("POST", "/network-services", body, status)


def order_handover(tenant: Rehearsal, service: Any, number: int = 1, **members: Any) -> Any:
    body = {
        "type": "cloud_vc",
        "network_service": service["id"],
        "connection": tenant.get("/connections")[0]["id"],
        "vlan_config": {"vlan_type": "dot1q", "vlan": None},
        "handover": number,
        "role_assignments": [],
        **owners(tenant),
        **members,
    }
    return tenant.call("POST", "/network-service-configs", body, 201)


def state(tenant: Rehearsal, service: Any) -> str:
    return str(tenant.get(f"/network-services/{service['id']}")["state"])


PROVIDER_SIDE = {
    "Stratus": {"vlan": 5, "peering_type": "private"},
    "Cirrus": {"bgp_neighbor_asn": 64512, "bgp_neighbor_address": "192.0.2.2", "local_address": "192.0.2.1/30"},
}
PROVIDERS = {"Nimbus": "aws", "Stratus": "azure", "Cumulus": "google", "Cirrus": "oracle", "Altus": "alibaba"}
ACCOUNTS = {"aws": "123456789012", "alibaba": "1234567890123456"}


def test_whatever_the_demo_offers_can_be_had(tenant: Rehearsal) -> None:
    ordered = []
    for offering in offerings(tenant):
        cloud = offering["service_provider"].partition(" ")[0]
        provider = PROVIDERS[cloud]
        key = ACCOUNTS.get(provider, "")
        if offering["service_provider_workflow"] == "provider_first":
            wish = {
                "cloud_provider": provider,
                "region": offering["service_provider_region"],
                "pop": offering["service_provider_pop"],
                "bandwidth": 1000,
            }
            sold = tenant.control("POST", "/cloud-circuits", wish, 201)
            key = sold["cloud_key"]
            assert sold in tenant.control("GET", "/cloud-circuits")
            assert tenant.get(f"/product-offerings?cloud_key={key}") == [offering]
        assert order_cloud(tenant, offering, "no key", 400)["properties"][0]["name"] == "cloud_key"
        service = order_cloud(tenant, offering, key, capacity=1000)
        here = offering["handover_metro_area_network"] == tenant.get("/connections")[0]["metro_area_network"]
        if here:
            for number in range(1, offering["diversity"] + 1):
                order_handover(tenant, service, number, cloud_config=PROVIDER_SIDE.get(cloud))
        ordered.append((service, "production" if here else "allocated"))
    assert len(ordered) == 7
    tenant.turn("PT5M")
    for service, expected in ordered:
        seen = tenant.get(f"/network-services/{service['id']}")
        assert (seen["state"], bool(seen["provider_ref"])) == (expected, True)
        assert "redundancy_incomplete" not in [entry["tag"] for entry in seen["status"]]


def test_a_provider_refuses(tenant: Rehearsal) -> None:
    refusals = {"kind": "refused", "cloud_provider": "aws", "count": 2}
    listed = [{"kind": "refused", "cloud_provider": "aws"}] * 2
    assert tenant.control("POST", "/faults", refusals, 201) == listed
    nimbus = next(each for each in offerings(tenant) if each["service_provider"].startswith("Nimbus"))
    connection = tenant.order_connection()
    services = [order_cloud(tenant, nimbus, ACCOUNTS["aws"], capacity=500) for _ in range(3)]
    tenant.turn("PT5M")
    assert tenant.get(f"/connections/{connection['id']}")["state"] == "production"
    states = [state(tenant, each) for each in services]
    assert sorted(states) == ["allocated", "error", "error"]
    assert tenant.control("GET", "/faults") == []
    stuck = services[states.index("error")]
    tenant.control("POST", f"/orders/{stuck['id']}/retries", status=202)
    tenant.turn("PT5M")
    assert state(tenant, stuck) == "allocated"
    tenant.control("POST", "/faults", refusals, 201)
    assert tenant.control("DELETE", "/faults") == []


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({}, "cloud_provider"),
        ({"cloud_provider": "nimbus"}, "cloud_provider"),
        ({"cloud_provider": "aws", "bandwidth": 777}, "bandwidth"),
        ({"cloud_provider": "google", "region": "nowhere"}, "region"),
        ({"cloud_provider": "aws", "bandwith": 500}, "bandwith"),
    ],
)
def test_what_no_customer_could_order(main: Rehearsal, body: Any, member: str) -> None:
    problem = main.control("POST", "/cloud-circuits", body, 400)
    assert [fault["name"] for fault in problem["properties"]] == [member]


def test_a_fault_is_of_a_provider_there_is(main: Rehearsal) -> None:
    problem = main.control("POST", "/faults", {"kind": "refused", "cloud_provider": "nimbus"}, 400)
    assert [fault["name"] for fault in problem["properties"]] == ["cloud_provider"]
