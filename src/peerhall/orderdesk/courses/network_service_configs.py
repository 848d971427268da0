"""The course of a network service config: reserved, configured, in production, and out again."""

from peerhall.exchange.cancellation import charge_from, is_due
from peerhall.exchange.joining import GROUPS
from peerhall.exchange.lifecycle import LIVE_STATES, PROVIDERS, Circumstances, Network, Phase, phase_of
from peerhall.exchange.ordering.layer3 import list_waiting, list_warnings
from peerhall.exchange.ordering.macs import is_valid_now
from peerhall.exchange.ordering.network_service_configs import list_missing, list_remarks
from peerhall.exchange.records import Record
from peerhall.exchange.statuses import asn_unverified
from peerhall.orderdesk import addresses, asns, attachments, config_macs, legs, vlans
from peerhall.orderdesk.order import Order
from peerhall.orderdesk.ordered_services import ORDERED
from peerhall.orderdesk.parties import list_roles
from peerhall.orderdesk.services import TYPES, cloud_vcs
from peerhall.store import documents


def circumstances(order: Order, record: Record, phase: Phase) -> Circumstances:
    service = order.get("network-services", record.body["network_service"])
    named = record.body.get("connection")
    connection = order.get("connections", named) if named else None
    function = legs.find_function(order, record)
    kind = TYPES[record.type]
    unverified = asns.list_unverified(order, record)
    sessions = order.users(record.id, "network_service_config", "network-feature-configs")
    macs = documents.find_many(order.connection, record.body.get("macs") or ())
    missing = list_missing(
        record,
        service,
        connection,
        roles=list_roles(order, record.body["role_assignments"]),
        features=order.users(service.id, "network_service", "network-features"),
        configured_features={each.body["network_feature"] for each in sessions if each.state in LIVE_STATES},
        valid_macs={mac.id for mac in macs.values() if is_valid_now(mac.body, order.now)},
        unverified_asns=unverified,
    )
    changing = [asn_unverified(asn) for asn in unverified]
    return Circumstances(
        missing=[*missing, *list_waiting(function), *kind.list_missing(order, record, service)],
        holding=changing if phase is Phase.CHANGING else kind.list_holding(order, record, service),
        tested=kind.TESTED,
        due=is_due(record, order.rules.today(order.now)),
        remarks=[
            *list_remarks(record, connection, macs.values(), phase),
            *list_warnings(record, function, phase),
            *kind.list_remarks(order, record, service, phase),
        ],
    )


def network(_: Order, record: Record) -> Network:
    """On a cloud, what it is here and what it is at the provider."""
    here = Network.of(record)
    return here.joined(Network.of(record, PROVIDERS)) if record.type == "cloud_vc" else here


def entered(order: Order, record: Record, phase: Phase) -> Record:
    if phase is Phase.LIVE:
        record = charge_from(record, order.rules.today(order.now)).with_meta(former_owners=None)
    if phase is Phase.GONE:
        order.save(record.with_body(state="decommissioned"))
        attachments.account_for(order, record)
    return record


def let_go(order: Order, record: Record, side: str) -> None:
    """Gives back what a changed config held from before, now that the network has it as it is on this side."""
    if side == PROVIDERS:
        cloud_vcs.let_go(order, record)
        return
    vlans.let_go(order, record)
    config_macs.let_go(order, record)
    addresses.let_go(order, record)


def followers(order: Order, record: Record) -> list[Record]:
    sessions = order.users(record.id, "network_service_config", "network-feature-configs")
    return [*sessions, *list_concerned(order, record)]


def list_concerned(order: Order, record: Record) -> list[Record]:
    """Who looks again when a config comes or goes: what lives through or stays for its configs, and others on it."""
    services = [order.get("network-services", record.body["network_service"])] if record.type in ORDERED else []
    # A group in production does not mind who comes or goes; to look each time would have it locked all the time.
    services = [each for each in services if each.type not in GROUPS or phase_of(each) is not Phase.LIVE]
    function = legs.find_function(order, record)
    functions = [function] if function is not None else []
    return [*TYPES[record.type].list_followers(order, record), *services, *functions]
