"""Loads what should be on a device: the device itself, its orders, and whatever those name."""

from peerhall.exchange.claims import ROUTER
from peerhall.exchange.ordering.cloud_keys import provider_of
from peerhall.exchange.records import Record
from peerhall.exchange.relations import list_references
from peerhall.provisioning.desired import Facts
from peerhall.provisioning.driver import Device
from peerhall.store import claims, documents
from peerhall.store.database import SyncConnection


def load_facts(connection: SyncConnection, device: str) -> Facts | None:
    """Facts about a device or route server of this id; None when there is none."""
    record = documents.find_many(connection, [device]).get(device)
    if record is None:
        return None
    if record.kind == "network-features":
        sessions = documents.find_users(connection, device, "network_feature", "network-feature-configs")
        named = _named_by(connection, sessions)
        return Facts(Device(device, record.body["name"]), sessions=tuple(sessions), named=named)
    if record.kind == "network-services":
        return _at_provider(connection, record)
    ports = documents.find_users(connection, device, "device", "ports")
    connections = list(dict.fromkeys(port.body["connection"] for port in ports))
    routers = _routers_on(connection, device)
    attached = [("connection", each) for each in connections] + [("routing_function", each.id) for each in routers]
    configs = [
        config
        for member, each in attached
        for config in documents.find_users(connection, each, member, "network-service-configs")
    ]
    named = _named_by(connection, [*ports, *configs, *routers])
    return Facts(
        Device(device, record.body["name"]),
        ports=tuple(ports),
        routers=tuple(routers),
        configs=tuple(configs),
        named=named,
    )


def list_devices(connection: SyncConnection) -> list[str]:
    """Ids of everything that has a configuration."""
    found = [*documents.find_all(connection, "devices"), *documents.find_all(connection, "network-features")]
    services = documents.find_all(connection, "network-services")
    found += [each for each in services if each.type == "cloud_vc" and not each.meta.get("released")]
    return [each.id for each in found]


def _at_provider(connection: SyncConnection, cloud: Record) -> Facts:
    """What should be at the provider for one cloud."""
    configs = documents.find_users(connection, cloud.id, "network_service", "network-service-configs")
    named = _named_by(connection, [cloud, *configs])
    offering = named[cloud.body["product_offering"]]
    device = Device(cloud.id, str(offering.body["service_provider"]), provider_of(offering))
    return Facts(device, circuits=(cloud,), configs=tuple(configs), named=named)


def _routers_on(connection: SyncConnection, device: str) -> list[Record]:
    """The routing functions that have their place on a device, until nothing of them is left there."""
    holders = claims.list_holders(connection, ROUTER, [device]).values()
    return sorted(
        documents.find_many(connection, {holder.document for holder in holders}).values(), key=lambda each: each.serial
    )


def _named_by(connection: SyncConnection, records: list[Record]) -> dict[str, Record]:
    ids = {target for record in records for _, target in list_references(record.kind, record.body)}
    named = documents.find_many(connection, ids)
    # Configs without an offering of their own go by that of their service.
    offerings = {each.body.get("product_offering") for each in named.values() if each.kind == "network-services"}
    return named | documents.find_many(connection, {each for each in offerings - named.keys() if each})
