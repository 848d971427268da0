"""MAC addresses: the router interfaces a member may send from."""

from peerhall.contract.marks import Schema
from peerhall.contract.members import Ownable, Owned
from peerhall.contract.vocabulary import EchoedId, Id, Instant, Text


class Hardware(Schema):
    """A unicast address as colon-separated hexadecimal, and when it may be used."""

    address: Text
    valid_not_before: Instant | None = None
    valid_not_after: Instant | None = None


class MacAddress(Owned, Hardware):
    """An address that network service configs can name; never changed, only deleted."""

    id: Id


class MacAddressRequest(Ownable, Hardware):
    """An address to be registered."""

    id: EchoedId = None
