"""What is special about each type of network service, as far as its configs are concerned: a module per type.

`network_service_configs` does what all of them have in common: parties, attachment, tags, MACs.
"""

from typing import Final, Protocol

from peerhall.contract.validation import Body
from peerhall.exchange.lifecycle import Phase
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Faults
from peerhall.exchange.statuses import Note
from peerhall.orderdesk.order import Order
from peerhall.orderdesk.services import cloud_vcs, exchange_lans, mp2mp_vcs, p2mp_vcs, p2p_vcs


class ServiceType(Protocol):
    """What such a module has."""

    TESTED: bool
    """Whether a config is tested before it is in production."""

    def find_service(self, order: Order, faults: Faults, body: Body, current: Record | None) -> Record:
        """The service a config names. Refuses at once what nothing more can be said about."""

    def find_offering(
        self, order: Order, faults: Faults, body: Body, service: Record, current: Record | None
    ) -> Record | None:
        """The offering that limits a config, and can be ordered; None when there is none, or it is no good."""

    def check(
        self,
        order: Order,
        faults: Faults,
        body: Body,
        service: Record,
        offering: Record | None,
        connection: Record | None,
        current: Record | None,
    ) -> None:
        """Whether everything else about a new or changed config is in order."""

    def take(self, order: Order, config: Record, service: Record) -> Record:
        """A new config with what it holds beside tags and MACs. The service is locked."""

    def move(self, order: Order, before: Record, after: Record) -> Record:
        """A changed config, which takes, gives back or hands on what it holds beside tags and MACs."""

    def list_missing(self, order: Order, config: Record, service: Record) -> list[Note]:
        """What else keeps a config from being built."""

    def list_holding(self, order: Order, config: Record, service: Record) -> list[Note]:
        """What keeps a configured one from being tested or used."""

    def list_remarks(self, order: Order, config: Record, service: Record, phase: Phase) -> list[Note]:
        """What else there is to tell about a config."""

    def list_followers(self, order: Order, config: Record) -> list[Record]:
        """The configs of others that look again when this one comes or goes."""


TYPES: Final[dict[str, ServiceType]] = {
    "exchange_lan": exchange_lans,
    "p2p_vc": p2p_vcs,
    "p2mp_vc": p2mp_vcs,
    "mp2mp_vc": mp2mp_vcs,
    "cloud_vc": cloud_vcs,
}
"""The types whose configs can be ordered."""
