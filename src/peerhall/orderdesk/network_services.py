"""Network services at the counter: what all types that members order have in common; see `ordered_services`."""

from typing import Any

from peerhall.contract.operations import Operation
from peerhall.contract.validation import Body, blank
from peerhall.exchange.cancellation import refuse_change_of_ending
from peerhall.exchange.catalogue import check_offering
from peerhall.exchange.lifecycle import Phase, with_change
from peerhall.exchange.ordering.network_services import check_other_offering, list_config_offerings
from peerhall.exchange.ordering.owners import fill_in_owners
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults, refuse_member, refuse_unable
from peerhall.orderdesk import attachments, leaving, network_service_configs, settling
from peerhall.orderdesk.changes import read_changes
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from peerhall.orderdesk.ordered_services import ORDERED
from peerhall.orderdesk.parties import OWNERS, check_parties
from peerhall.store import documents

KIND = "network-services"
_OF_NETWORK = ("product_offering", "capacity", "cloud_key")
"""Members whose change has to reach the network, as far as a service has them."""


def create(order: Order, body: Body) -> Record:
    if body["type"] not in ORDERED:
        refuse_member("type", f"this exchange takes orders for {', '.join(ORDERED)}")
    body = fill_in_owners(order.caller, body, *OWNERS)
    faults = Faults()
    check_parties(order, faults, body, *OWNERS)
    offering = _find_offering(order, faults, body, body["type"])
    ORDERED[body["type"]].check(order, faults, body, offering, None)
    faults.refuse_if_any()
    assert offering is not None

    document = order.new_id()
    members = {
        "id": document,
        "state": "requested",
        "status": [],
        "nsc_required_contact_roles": [],
        "nsc_product_offerings": _list_config_offerings(order, offering),
    }
    record = Record(
        document,
        KIND,
        {**blank("NetworkService", body["type"]), **body, **members},
        {"phase": Phase.RESERVING.value},
    )
    record = ORDERED[record.type].draw_up(order, record, offering)
    order.add(record)
    order.settle_later(record)
    return settling.describe(order, record)


def update(order: Order, operation: Operation, document: str, body: Any) -> Record:
    record = _get_ordered(order, document)
    changes = read_changes(operation, record, body)
    refuse_change_of_ending(record, changes)
    changed = record.with_body(**changes)
    faults = Faults()
    check_parties(order, faults, changes, *(member for member in OWNERS if member in changes))
    offering = current = order.get("product-offerings", record.body["product_offering"])
    if "product_offering" in changes and (wished := _find_offering(order, faults, changes, record.type)):
        check_other_offering(faults, current.body, wished.body)
        changed = changed.with_body(nsc_product_offerings=_list_config_offerings(order, wished))
        offering = wished
    ORDERED[record.type].check(order, faults, changed.body, offering, record)
    faults.refuse_if_any()

    changed = ORDERED[record.type].move(order, record, changed, offering)
    touched = [each for each in _OF_NETWORK if each in changes and changed.body[each] != record.body[each]]
    changed = with_change(record, changed, touched)
    order.save(changed)
    if changed.body["product_offering"] != record.body["product_offering"]:
        attachments.account_for(order, *order.users(document, "network_service", "network-service-configs"))
    order.settle_later(changed)
    return settling.describe(order, changed)


def cancel(order: Order, document: str, wished: str | None) -> Record:
    """Ends a service with all configs on it, whoever ordered them, and their feature configs."""
    record = _get_ordered(order, document)
    ended = leaving.end(order, record.with_meta(change_request=None, change_rejected=None), wished)
    for config in order.users(document, "network_service", "network-service-configs", CHANGE_LOCK):
        network_service_configs.follow(order, config, ended)
    order.settle_later(ended)
    return settling.describe(order, settling.release_if_absent(order, ended))


def _get_ordered(order: Order, document: str) -> Record:
    """The service, locked. Refuses peering LANs, also to those who manage them."""
    record = order.get_changeable(KIND, document)
    if record.type not in ORDERED:
        refuse_unable(f"Network services of type {record.type} are not ordered, changed or cancelled through the API.")
    return record


def _find_offering(order: Order, faults: Faults, body: Body, type_: str) -> Record | None:
    found = order.find("product-offerings", body["product_offering"])
    return check_offering(faults, found, type_, "network_service", order.now)


def _list_config_offerings(order: Order, offering: Record) -> list[str]:
    return list_config_offerings(offering.body, documents.find_all(order.connection, "product-offerings"))
