"""What is in the network once it has come to rest: what the documents say, as they say it, and nothing else."""

from typing import Any

from tests.lifecycle.picture import OVER, Document, Picture
from tests.lifecycle.stage import Stage

_PREFIXES = {
    "ports": "port",
    "routing-functions": "router",
    "network-service-configs": "attachment",
    "network-feature-configs": "session",
}
_USABLE = ("testing", "production", "production_change_pending", "decommission_requested")


def check_network(stage: Stage, picture: Picture) -> None:
    """To be called when nothing is on its way any more: no device cut off, no plan held, no step failed."""
    devices = stage.list_network()
    clouds = {each.id for each in picture.of("network-services") if each["type"] == "cloud_vc"}
    for cloud in clouds:
        _check_cloud(picture, picture.get(cloud), devices.get(cloud, {}))
    network = {key: config for device in devices.keys() - clouds for key, config in devices[device].items()}
    parts = {f"{_PREFIXES[each.kind]}/{each.id}": each for each in picture.of(*_PREFIXES)}
    for key, config in network.items():
        part = parts.get(key)
        assert part is not None, f"{key} is in the network, and nowhere else"
        assert part.state not in OVER or _is_stuck(part), f"{key} is in the network, and {part.state}"
        assert part.state != "requested" or _is_stuck(part), f"{key} is in the network already: {config}"
    for key, part in parts.items():
        if part.state in _USABLE and not _is_stuck(part):
            assert key in network, f"{key} is {part.state} and not in the network"
            if part.kind == "network-service-configs":
                _check_attachment(stage, picture, part, network[key])
            if part.kind == "network-feature-configs":
                neighbor = picture.get(part["ip"])["address"]
                assert (network[key]["neighbor"], network[key]["asn"]) == (neighbor, part["asn"])
    _check_due(stage)


def _check_cloud(picture: Picture, cloud: Document, there: dict[str, dict[str, Any]]) -> None:
    """What is at the provider for a cloud: its circuit, and those of its handovers that are in use."""
    parts = {f"circuit/{cloud.id}": cloud}
    configs = picture.users("network-service-configs", "network_service", cloud.id)
    parts |= {f"attachment/{each.id}": each for each in configs}
    assert there.keys() <= parts.keys(), f"nobody has ordered {there.keys() - parts.keys()} at the provider"
    for key, part in parts.items():
        assert key not in there or part.state not in OVER or _is_stuck(part), f"{key} is there, and {part.state}"
        if part.state in _USABLE and not _is_stuck(part) and part.meta["phase"] != "removing":
            # A circuit that is gone waits for handovers that could not be taken out.
            assert key in there, f"{key} is {part.state} and not at the provider"
    if cloud.state == "production" and not _is_stuck(cloud):
        capacity = cloud["capacity"] or picture.get(cloud["product_offering"])["bandwidth_max"]
        built = there[f"circuit/{cloud.id}"]
        assert (built["capacity_mbps"], built["cloud_key"]) == (capacity, cloud["cloud_key"])


def _is_stuck(part: Document) -> bool:
    sides = [part.meta.get("network", {}), part.meta.get("provider", {})]
    return any(side.get(each) for side in sides for each in ("fault", "findings", "ticket"))


def _check_attachment(stage: Stage, picture: Picture, config: Document, built: dict[str, Any]) -> None:
    now = f"{stage.clock():%Y-%m-%dT%H:%M:%SZ}"
    assert built["capacity_mbps"] == _most_through(picture, config), config.id
    addresses = [picture.get(each) for each in config["ips"] or ()]
    assert built["addresses"] == sorted(f"{each['address']}/{each['prefix_length']}" for each in addresses), config.id
    if config["routing_function"] is not None:
        return
    assert built["vlan_config"] == config["vlan_config"], config.id
    macs = [picture.get(each) for each in config["macs"] or ()]
    valid = [
        each["address"].lower()
        for each in macs
        if (each["valid_not_before"] or "") <= now < (each["valid_not_after"] or "9")
    ]
    assert built["macs"] == sorted(valid), config.id
    ports = [
        each["name"]
        for each in picture.users("ports", "connection", config["connection"])
        if each.state not in OVER and not (each.state == "decommission_requested" and each.meta["phase"] == "removing")
    ]
    assert built["ports"] == sorted(ports), config.id


def _most_through(picture: Picture, config: Document) -> Any:
    """What was ordered for a config, on a cloud with its service; else the most that its offering lets through."""
    service = picture.get(config["network_service"])
    offering = config["product_offering"] or service["product_offering"]
    ordered = (service if config["type"] == "cloud_vc" else config)["capacity"]
    return ordered or (picture.get(offering)["bandwidth_max"] if offering else None)


def _check_due(stage: Stage) -> None:
    [due] = stage.site.connection.execute("select count(*) from work where due_at <= %s", (stage.clock(),)).fetchone()  # type: ignore[misc]
    assert due == 0, f"{due} pieces of work are left over"
