"""What people read: how fast each sort of order was, what got in the way, and what it comes to in a line."""

from collections.abc import Sequence
from statistics import median, quantiles
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.orders.filling import ACCOUNTS
from bench.orders.ledger import Ledger
from bench.orders.loading import Scaling
from bench.orders.resting import Findings

LEAST_RATIO: Final = 0.9
"""Of two workers' throughput to one's: a second one is never in the way."""
_MOST_FAULTS: Final = 20
_READS: Final = ("one object", "list")


def print_speed(console: Console, ledger: Ledger, seconds: float) -> None:
    """A line for each sort of order and read. Fits a terminal of 80 columns."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("answered")
    for column in ("times", "a second", "p50", "p95", "p99"):
        table.add_column(column, justify="right", no_wrap=True)
    orders = {sort: taken for sort, taken in ledger.seconds.items() if sort not in _READS}
    reads = {sort: ledger.seconds[sort] for sort in _READS if sort in ledger.seconds}
    for title, sorts in (("all orders", orders), ("all reads", reads)):
        for sort, taken in sorted(sorts.items(), key=lambda item: -len(item[1])):
            table.add_row(f"  {sort}", *_figures(taken, seconds))
        table.add_row(title, *_figures([each for taken in sorts.values() for each in taken], seconds), style="bold")
    console.print()
    console.print(table)


def _figures(taken: Sequence[float], seconds: float) -> list[str]:
    cuts = quantiles(taken, n=100) if len(taken) > 1 else [0.0] * 99
    percentiles = (median(taken) if taken else 0.0, cuts[94], cuts[98])
    return [f"{len(taken):,}", f"{len(taken) / seconds:,.1f}", *(f"{1000 * each:,.0f} ms" for each in percentiles)]


def print_events(console: Console, ledger: Ledger, findings: Findings) -> None:
    """What got in the way, and how it was settled."""
    busy = sum(order.busy for order in ledger.orders)
    cut = [order for order in ledger.orders if order.cut]
    console.print()
    console.print(f"{findings.deadlocks} deadlocks, {findings.repeats} transactions repeated because of them")
    console.print(f"{busy} times 503 with Retry-After, {sum(not each.status for each in ledger.orders)} never settled")
    console.print(f"{len(cut):,} answers thrown away, and their orders sent again under the same key")
    refused = ledger.refusals()
    console.print(f"{refused.total():,} orders refused as they had to be, most of them:")
    for reason, count in refused.most_common(6):
        console.print(f"  {count:,} {reason}", style="dim", highlight=False)


def print_scaling(console: Console, scaling: Scaling) -> None:
    """Orders per second with one worker and with two."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("orders per second", "one worker", "two workers", "ratio"):
        table.add_column(column, justify="right" if column != "orders per second" else "left", no_wrap=True)
    for number, (one, two) in enumerate(scaling.rates, 1):
        table.add_row(f"  round {number}", f"{one:,.1f}", f"{two:,.1f}", f"{two / one:.2f}")
    passed = ratio_of(scaling) >= LEAST_RATIO
    verdict = Text(f"{ratio_of(scaling):.2f} {'≥' if passed else '<'} {LEAST_RATIO:g}")
    verdict.stylize("green" if passed else "bold red")
    table.add_row("middle", *(f"{median(rates):,.1f}" for rates in zip(*scaling.rates, strict=True)), verdict)
    console.print()
    console.print(table)


def ratio_of(scaling: Scaling) -> float:
    """Each round is a comparison of its own, and the middle one counts."""
    return median(two / one for one, two in scaling.rates)


def print_faults(console: Console, findings: Findings) -> None:
    for fault in findings.faults[:_MOST_FAULTS]:
        console.print(fault, style="red", markup=False)
    if len(findings.faults) > _MOST_FAULTS:
        console.print(f"… and {len(findings.faults) - _MOST_FAULTS} more", style="red")


def sum_up(ledger: Ledger, seconds: float, scaling: Scaling, findings: Findings) -> str:
    """All of it in one line."""
    taken = [each for sort, every in ledger.seconds.items() if sort not in _READS for each in every]
    missed = [f"{len(findings.faults)} faults"] if findings.faults else []
    if ratio_of(scaling) < LEAST_RATIO:
        missed.append("two workers are slower than one")
    verdict = f"MISSED ({', '.join(missed)})" if missed else "passed"
    return (
        f"bench-orders {verdict}: {ACCOUNTS} accounts, {ledger.accepted:,} orders accepted, none lost or double, "
        if not findings.faults
        else f"bench-orders {verdict}: {ACCOUNTS} accounts, {ledger.accepted:,} orders accepted, "
    ) + (
        f"{len(taken) / seconds:,.0f} a second, p99 {quantiles(taken, n=100)[98]:.1f} s, "
        f"{findings.deadlocks} deadlocks, two workers {ratio_of(scaling):.2f} times one"
    )
