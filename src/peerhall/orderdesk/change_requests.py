"""Change requests: the B-side of a circuit asks for another bandwidth.

The A-side accepts by changing the service and its own config (see `ordered_services.circuits`); either side ends it.
"""

from typing import Any

from peerhall.contract.operations import Operation
from peerhall.contract.validation import Body
from peerhall.exchange.catalogue import check_capacity, check_move, check_offering
from peerhall.exchange.lifecycle import Phase, phase_of, with_phase
from peerhall.exchange.ordering.attachments import check_speed
from peerhall.exchange.ordering.circuits import A_SIDE, B_SIDE, find_side, is_fulfilled, is_there
from peerhall.exchange.ordering.network_services import check_other_offering
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults, refuse_denied, refuse_unable, refuse_unknown
from peerhall.orderdesk import settling
from peerhall.orderdesk.changes import read_body
from peerhall.orderdesk.order import CHANGE_LOCK, Order
from peerhall.orderdesk.ordered_services import circuits
from peerhall.store.documents import Lock

Requested = tuple[Record, Body]
"""The service, and the request as it is shown."""


def read(order: Order, document: str) -> Body:
    """The pending request, for both sides. Refuses where there is none."""
    return _get_request(_get_circuit(order, document))


def create(order: Order, operation: Operation, document: str, body: Any) -> Requested:
    service = _get_circuit(order, document, CHANGE_LOCK)
    wished = read_body(operation, body)
    if order.caller.acts_for(service.managing_account):
        refuse_denied("Only the B-side asks; the A-side changes the service and its config instead.")
    if not order.caller.acts_for(service.body["joining_member_account"]):
        refuse_denied("Only the B-side of a circuit asks for changes of it.")
    if "change_request" in service.meta:
        refuse_unable("A change request is pending already; delete it first.")
    if phase_of(service) is not Phase.LIVE:
        refuse_unable(f"The circuit is {service.state}; a change can be asked for once it is in production.")
    configs = circuits.list_configs(order, service)
    b_side = find_side(configs, service, B_SIDE)
    if b_side is None or not is_there(b_side):
        refuse_unable("The B-side has no network service config whose bandwidth could be changed.")
    request = {"product_offering": wished["product_offering"], "capacity": wished.get("capacity")}
    _check(order, request, service, find_side(configs, service, A_SIDE), b_side)
    asked = with_phase(service, Phase.CHANGING).with_meta(change_request=request, change_rejected=None)
    order.save(asked)
    order.settle_later(asked)
    return settling.describe(order, asked), request


def remove(order: Order, _: Operation, document: str, __: Any) -> Requested:
    """Ends the request: rejected when the A-side does it, withdrawn when the B-side does."""
    service = _get_circuit(order, document, CHANGE_LOCK)
    rejects = order.caller.acts_for(service.managing_account)
    if not rejects and not order.caller.acts_for(service.body["joining_member_account"]):
        refuse_denied("Only the managing account of the circuit and its B-side may do this.")
    request = _get_request(service)
    ended = service.with_meta(change_request=None, change_rejected=request if rejects else None)
    if not circuits.list_holding(order, ended, Phase.CHANGING):
        ended = with_phase(ended, Phase.LIVE)
    order.save(ended)
    order.settle_later(ended)
    return settling.describe(order, ended), request


def _get_circuit(order: Order, document: str, lock: Lock = "") -> Record:
    """The circuit, as far as the caller sees it. Of other services there is nothing of the kind."""
    service = order.find_seen("network-services", document, lock)
    if service is None:
        refuse_unknown()
    if service.type != "p2p_vc":
        refuse_unknown("Only a p2p_vc can have a change request.")
    return service


def _get_request(service: Record) -> Body:
    request: Body | None = service.meta.get("change_request")
    if request is None:
        refuse_unknown("No change request is pending.")
    return request


def _check(order: Order, request: Body, service: Record, a_side: Record | None, b_side: Record) -> None:
    """Whether the A-side could fulfil it, and the B-side could use it."""
    faults = Faults()
    current = order.get("product-offerings", service.body["product_offering"])
    wished = order.find("product-offerings", request["product_offering"])
    if request["product_offering"] != current.id:
        wished = check_offering(faults, wished, "p2p_vc", "network_service", order.now)
        if wished is not None:
            check_other_offering(faults, current.body, wished.body)
    else:
        check_move(faults, b_side.body.get("capacity"), request["capacity"], current.body)
    if wished is not None:
        check_capacity(faults, request["capacity"], wished.body)
    if named := b_side.body.get("connection"):
        check_speed(faults, request["capacity"], order.get("connections", named))
    faults.refuse_if_any()
    if is_fulfilled(request, service, a_side) and is_fulfilled(request, service, b_side):
        faults.add("capacity", "is what the circuit has already")
    faults.refuse_if_any()
