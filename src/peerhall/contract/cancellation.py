"""Cancelling: when a thing can end, and until when it is paid for."""

from peerhall.contract.marks import Schema
from peerhall.contract.vocabulary import Date


class CancellationPolicy(Schema):
    """The day of disconnection and the first day that is no longer charged."""

    decommission_at: Date
    charged_until: Date


class CancellationRequest(Schema):
    """The wished day of disconnection; null or absent means the earliest."""

    decommission_at: Date | None = None
