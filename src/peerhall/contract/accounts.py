"""Accounts: members, their sub-accounts, and the exchange itself."""

from typing import Annotated

from annotated_types import MaxLen, MinLen

from peerhall.contract.marks import Maybe, Schema, Sensitive
from peerhall.contract.members import Status
from peerhall.contract.vocabulary import (
    AccountId,
    EchoedId,
    Id,
    Integer,
    MetroAreaNetworkId,
    State,
    Text,
    Text2,
    Text40,
    Text80,
)


class Address(Schema):
    """A postal address; country is ISO 3166-1 alpha-2."""

    country: Text2
    locality: Text40
    region: Text80 | None = None
    postal_code: Annotated[Text, MaxLen(24)]
    street_address: Text80
    post_office_box_number: Text80 | None = None


class BillingInformation(Schema):
    """What an invoice is made out to; only accounts that have it can be billed."""

    name: Text80
    address: Address | None
    vat_number: Annotated[Text, MinLen(2), MaxLen(20)] | None = None


class Named(Schema):
    """What an account tells about itself, whoever sends it."""

    managing_account: Sensitive[AccountId | None] = None
    name: Text80
    legal_name: Sensitive[Text80 | None] = None
    billing_information: Sensitive[BillingInformation | None] = None
    external_ref: Sensitive[Text80 | None] = None
    discoverable: bool | None = False


class Account(Named):
    """A customer, organisation or partner; `managing_account` is the account above it, null for one's own."""

    id: Id
    state: State | None = None
    status: Sensitive[Maybe[list[Status]]] = None
    metro_area_network_presence: list[MetroAreaNetworkId]
    address: Sensitive[Address | None] = None
    asns: Maybe[list[Integer]] = None


class AccountRequest(Named):
    """A sub-account to be created; without `managing_account` it is the caller's."""

    metro_area_network_presence: Maybe[list[MetroAreaNetworkId]] = []
    address: Sensitive[Address | None]
    id: EchoedId = None


class AccountUpdate(Named):
    """All of an account that can change."""

    metro_area_network_presence: list[MetroAreaNetworkId]
    address: Sensitive[Address | None]
    id: EchoedId = None
