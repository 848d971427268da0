"""Availability zones: parts of a provider's side that do not fail together."""

from peerhall.contract.marks import Maybe, Schema
from peerhall.contract.vocabulary import Id, Text


class AvailabilityZone(Schema):
    """A zone, by a name that describes it."""

    id: Id
    name: Maybe[Text] = None
