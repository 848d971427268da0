"""Statistics: traffic of ports, connections, services, configs and peers; round-trip times."""

from typing import Any

from peerhall.contract.marks import Maybe, Schema
from peerhall.contract.vocabulary import Instant, Integer, Text


class AggregateStatistics(Schema):
    """A window's traffic: pps packets/s, ops octets/s, eps errors/s, dps discards/s; in is from the customer.

    Accuracy is the share of the expected samples that was at hand.
    """

    title: Text
    start: Instant
    end: Instant
    accuracy: float
    created_at: Instant
    next_update_at: Instant
    average_pps_in: Integer
    average_pps_out: Integer
    average_ops_in: Integer
    average_ops_out: Integer
    average_eps_in: float | None = None
    average_eps_out: float | None = None
    average_dps_in: float | None = None
    average_dps_out: float | None = None
    percentile95_pps_in: Integer | None = None
    percentile95_pps_out: Integer | None = None
    percentile95_ops_out: Integer | None = None
    maximum_pps_in: Integer | None = None
    maximum_pps_out: Integer | None = None
    maximum_ops_in: Integer | None = None
    maximum_ops_out: Integer | None = None
    maximum_in_at: Instant | None = None
    maximum_out_at: Instant | None = None


class NetworkServiceConfigAggregateStatistics(AggregateStatistics):
    """A config's traffic, and what is left of its capacity (Mbit/s, and its change in percent)."""

    nsc_available_capacity: Integer | None = None
    nsc_available_capacity_change_perc: float | None = None


class Aggregate(Schema):
    """Windows by name: ISO 8601 durations, or `custom` for one asked for by start and end."""

    aggregates: dict[str, AggregateStatistics]


class NetworkServiceConfigAggregate(Schema):
    """A config's windows by name."""

    aggregates: Maybe[dict[str, NetworkServiceConfigAggregateStatistics]] = None


class PortStatistics(Schema):
    """A port's windows by name, and light levels in dBm, one per optical lane."""

    aggregates: Maybe[dict[str, AggregateStatistics]] = None
    light_levels_tx: Maybe[list[float]] = None
    light_levels_rx: Maybe[list[float]] = None


class AggregateTimeseries(Schema):
    """Rows of samples, their columns named by `fields`; precision in seconds."""

    title: Text
    precision: Integer
    created_at: Instant
    next_update_at: Instant
    origin_timezone: Text
    fields: list[Text]
    samples: list[list[Any]]


class IPAddressShort(Schema):
    """An address without its object."""

    version: Maybe[Integer] = None
    address: Maybe[Text] = None


class Peer(Schema):
    """Whom traffic is exchanged with."""

    asn: Integer | None = None
    ip: IPAddressShort | None = None
    mac_address: Maybe[Text] = None


class PeerAggregate(Schema):
    """Traffic with one peer."""

    aggregates: Maybe[dict[str, AggregateStatistics]] = None
    peer: Peer | None = None


class PeerAggregateTimeseries(AggregateTimeseries):
    """Samples of the traffic with one peer."""

    peer: Peer


class PeerRTT(Schema):
    """Round-trip times to a neighbour in milliseconds; serials only grow."""

    time_ms: Maybe[Integer] = None
    tx: Maybe[Integer] = None
    rx: Maybe[Integer] = None
    loss: Maybe[float] = None
    rtt_min_ms: Maybe[float] = None
    rtt_avg_ms: Maybe[float] = None
    rtt_max_ms: Maybe[float] = None
    rtt_mdev_ms: Maybe[float] = None
    neighbor: Maybe[Text] = None
    asn: Integer | None = None
    ip: Maybe[Text] = None
    timestamp: Maybe[Instant] = None
    serial: Maybe[Integer] = None
