"""Takes what came from outside for what it is: already in the network, with nothing to be done."""

from collections.abc import Collection
from datetime import datetime

from peerhall.exchange.lifecycle import Network, with_network
from peerhall.provisioning.desired import derive_wanted
from peerhall.provisioning.facts import list_devices, load_facts
from peerhall.store import documents, network_objects
from peerhall.store.database import SyncConnection


def adopt(connection: SyncConnection, ids: Collection[str], now: datetime) -> int:
    """Writes down that the orders named are configured as they say; returns how many objects that are.

    To be called in the transaction that brings them in, so that nobody is ever asked to configure them.
    """
    adopted = 0
    for device in list_devices(connection):
        facts = load_facts(connection, device)
        if facts is None or not any(order.id in ids for order in facts.orders):
            continue
        for wanted in derive_wanted(facts, now):
            if wanted.document in ids:
                network_objects.put(connection, device, wanted.key, wanted.config, now)
                adopted += 1
        for order in facts.orders:
            if order.id in ids:
                known = Network(present=True, configured=True, tested=True)
                documents.save(connection, with_network(order, known, facts.side))
    return adopted
