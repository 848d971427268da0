"""Routing functions: router instances of the exchange that join several services."""

from peerhall.contract.marks import Maybe, Schema, Sensitive
from peerhall.contract.members import Status
from peerhall.contract.vocabulary import AccountId, EchoedId, Id, Integer, ProductOfferingId, State, Text


class RoutingFunction(Schema):
    """A router instance with the customer's ASN; capacity in Mbit/s is an upper bound."""

    id: Id
    state: Sensitive[Maybe[State]] = None
    status: Sensitive[Maybe[list[Status]]] = None
    managing_account: Sensitive[Maybe[AccountId]] = None
    consuming_account: Sensitive[Maybe[AccountId]] = None
    external_ref: Sensitive[Text | None] = None
    purchase_order: Sensitive[Text | None] = None
    contract_ref: Sensitive[Text | None] = None
    billing_account: Sensitive[Maybe[AccountId]] = None
    product_offering: Maybe[ProductOfferingId] = None
    asn: Maybe[Integer] = None
    capacity: Integer | None = None


class RoutingFunctionRequest(Schema):
    """A router instance to be created."""

    managing_account: Sensitive[Maybe[AccountId]] = None
    consuming_account: Sensitive[Maybe[AccountId]] = None
    external_ref: Sensitive[Text | None] = None
    purchase_order: Sensitive[Text | None] = None
    contract_ref: Sensitive[Text | None] = None
    billing_account: Sensitive[Maybe[AccountId]] = None
    id: EchoedId = None
    product_offering: ProductOfferingId
    asn: Integer
    capacity: Integer | None = None
