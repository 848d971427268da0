"""What is computed from other documents is what one gets when one computes it again."""

from typing import Any

from tests.lifecycle.exchange import RULES
from tests.lifecycle.picture import OVER, Document, Picture
from tests.lifecycle.stage import Stage

_COUNTED = ("allocated", "testing", "production", "production_change_pending", "requested", "error", "operator")


def check_computed(stage: Stage, picture: Picture) -> None:
    for connection in picture.of("connections"):
        _check_connection(picture, connection)
    for device in picture.of("devices"):
        _check_device(stage, device)
    for account in picture.of("accounts"):
        found = _list_asns(picture, account.id)
        assert account["asns"] == found, f"{account.id} shows {account['asns']} and uses {found}"
    for config in picture.of("network-service-configs"):
        sessions = [each.id for each in picture.users("network-feature-configs", "network_service_config", config.id)]
        assert config["network_feature_configs"] == sessions, f"{config.id}: {config['network_feature_configs']}"
    for service in picture.of("network-services"):
        _check_service(picture, service)
    _check_tree(stage, picture)


def _check_connection(picture: Picture, connection: Document) -> None:
    kept = [
        each
        for each in picture.users("port-reservations", "connection", connection.id)
        if not each.meta.get("released") or ("led" in each.meta and not _is_waiting(each))
    ]
    if connection.state not in OVER:
        ports = [each["port"] for each in kept if each["port"]]
        assert connection["port_reservations"] == [each.id for each in kept], connection
        assert connection["port_quantity"] == len(kept), connection
        assert sorted(connection["ports"]) == sorted(ports), connection
        speed = 10000 * sum(not _is_waiting(each) for each in kept)
        assert connection["speed"] == speed, f"{connection.id}: {connection['speed']} of {speed}"
    limit = connection["speed"] * RULES["capacity_limit_percent"] // 100
    assert connection["capacity_allocation_limit"] == limit, connection
    configs = picture.users("network-service-configs", "connection", connection.id)
    taken = sum(
        _capacity(picture, each, connection) for each in configs if each.state in (*_COUNTED, "decommission_requested")
    )
    assert connection["capacity_allocated"] == taken, (
        f"{connection.id} shows {connection['capacity_allocated']}, not {taken}"
    )


def _capacity(picture: Picture, config: Document, connection: Document) -> int:
    """What a config takes of its connection; one without a limit of any kind may take all of it."""
    service = picture.get(config["network_service"])
    offering = picture.get(config["product_offering"] or service["product_offering"])
    ordered = service["capacity"] if service["type"] == "cloud_vc" else config["capacity"]
    possible = (ordered, offering["bandwidth_max"], connection["speed"])
    return next(each for each in possible if each is not None)


def _is_waiting(reservation: Document) -> bool:
    """Whether a port that was added has not been in use so far."""
    return bool(reservation.meta.get("added")) and reservation["current_billing_start_date"] is None


def _check_device(stage: Stage, device: Document) -> None:
    rows = stage.site.connection.execute(
        "select value from claim where kind = 'port' and scope = %s and released_at is null", (device.id,)
    ).fetchall()
    [capability], [group] = device["capabilities"], device.meta["ports"]
    free = len(set(group["names"]) - {name for (name,) in rows})
    assert capability["availability"] == free, f"{device.id} has {free} free ports and shows {capability}"


def _list_asns(picture: Picture, account: str) -> list[int]:
    used: set[int] = set()
    for config in picture.of("network-service-configs", "network-feature-configs"):
        if config["consuming_account"] == account and config.live:
            used |= {config["asn"]} if config.kind == "network-feature-configs" else set(config["asns"] or ())
    return sorted(used)


def _check_service(picture: Picture, service: Document) -> None:
    if service["type"] in ("p2mp_vc", "mp2mp_vc"):
        rules = [each.id for each in picture.users("member-joining-rules", "network_service", service.id)]
        assert service["member_joining_rules"] == rules, service
    if service["type"] == "p2p_vc":
        assert service["capacity"] == picture.get(service["product_offering"])["bandwidth_max"], service
        sides = [
            each.meta["side"]
            for each in picture.users("network-service-configs", "network_service", service.id)
            if not each.meta.get("released")
        ]
        assert len(sides) == len(set(sides)), f"two configs on one side of {service.id}"


def _check_tree(stage: Stage, picture: Picture) -> None:
    rows = stage.site.connection.execute("select ancestor, account from account_tree").fetchall()
    expected: set[tuple[Any, Any]] = {
        (account.id, below) for account in picture.of("accounts") for below in picture.tree(account.id)
    }
    assert set(rows) == expected, "the tree of accounts is not what the accounts say"
