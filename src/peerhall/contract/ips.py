"""IP addresses and prefixes: a member's own, and those the exchange allocates."""

from typing import Annotated

from annotated_types import Ge, Le

from peerhall.contract.marks import Schema
from peerhall.contract.members import Ownable, Owned
from peerhall.contract.vocabulary import EchoedId, Id, Instant, Integer, IpVersion, Text, Text100


class Numbered(Schema):
    """An address with its prefix length: on a LAN, the LAN's length."""

    address: Text
    prefix_length: Annotated[int, Ge(0), Le(128)]
    fqdn: Text100 | None = None
    valid_not_before: Instant | None = None
    valid_not_after: Instant | None = None


class IpAddress(Owned, Numbered):
    """A host address or a prefix."""

    id: Id
    version: Integer


class IpAddressRequest(Ownable, Numbered):
    """An address or prefix a member brings along."""

    version: IpVersion
    id: EchoedId = None


class IpAddressUpdate(Owned, Numbered):
    """All of an address that can change; of an allocated one, only its `fqdn`."""

    version: IpVersion
    id: EchoedId = None
