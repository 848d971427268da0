"""The exchange that the lifecycle is played on: `tests.world` with contracts, letters and few ports."""

from typing import Any

from peerhall.exchange.records import Record
from peerhall.store import documents
from peerhall.store.database import SyncConnection
from tests import world

PLAYERS = ("member", "rival", "reseller", "customer")
"""Who orders; `customer` stands below `reseller`."""

STRANGER = "newcomer"
"""Has a login, and nothing to do with anybody."""

COOLDOWN_DAYS = 7
LEAD_DAYS = 2

RULES: dict[str, Any] = {
    "accept_all_asns": False,
    "cooldown_days": COOLDOWN_DAYS,
    "disconnection_days": LEAD_DAYS,
    "timezone": "Europe/Dublin",
    "capacity_limit_percent": 200,
}

_CONTRACT = {
    "contract_initial_period": "P3M",
    "contract_initial_notice_period": "P1M",
    "contract_renewal_period": "P1M",
    "contract_renewal_notice_period": "P14D",
}


def build(connection: SyncConnection) -> None:
    """Writes it into an empty, migrated database."""
    world.build(connection, **RULES)
    with connection.transaction():
        for kind, id_, body, meta in (
            ("accounts", "customer", {"billing_information": world.BILLING}, {}),
            ("product-offerings", "port-10g", _CONTRACT, {}),
            ("product-offerings", "peering", _CONTRACT, {}),
            ("product-offerings", "port-10g-exchange", {}, {"loa_required": True}),
        ):
            record = documents.find(connection, kind, id_)
            assert record is not None
            documents.save(connection, record.with_body(**body).with_meta(**meta))
        documents.insert(connection, [*_offerings(), _second_switch()])
        pop = documents.find(connection, "pops", "pop")
        assert pop is not None
        documents.save(connection, pop.with_body(devices=["switch", "switch-2"]))


def _offerings() -> list[Record]:
    guarded = world.private_offering("guarded-group", "mp2mp_vc", bandwidth_max=None)
    return [
        Record(guarded.id, guarded.kind, guarded.body, {"mac_acl_protection": True}),
        world.private_offering(
            "circuit-side", "p2p_vc", bandwidth_max=1000, resource_type="network_service_config", **_CONTRACT
        ),
        world.private_offering("fixed-circuit", "p2p_vc", bandwidth_max=2000, upgrade_allowed=False),
    ]


def _second_switch() -> Record:
    """With few ports, so that they run out."""
    return world.record(
        "devices",
        "switch-2",
        {"ports": [{"media_type": "10GBASE-LR", "speed": 10000, "names": [f"Ethernet{n}" for n in range(1, 7)]}]},
        name="sw2.ork1",
        pop="pop",
        facility="facility",
        capabilities=[{"media_type": "10GBASE-LR", "speed": 10000, "max_lag": 4, "availability": 6}],
    )
