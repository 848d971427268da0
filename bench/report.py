"""What people read: the table, and what it comes to in a line."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.measuring import CONNECTIONS, ROUNDS, Result


def print_table(console: Console, results: Sequence[Result]) -> None:
    """Rates of all scenarios, and how they compare with what is needed. Fits a terminal of 80 columns."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("requests per second")
    for column in ("Peerhall", "p99", "bare", "share of it", "Django", "times it"):
        table.add_column(column, justify="right", no_wrap=True)
    for result in results:
        table.add_row(
            result.scenario.title,
            f"{result.rate('peerhall'):,.0f}",
            f"{1000 * result.p99('peerhall'):.0f} ms",
            f"{result.rate('bare'):,.0f}",
            _compared(result.share, result.scenario.share, ".3f"),
            f"{result.rate('django'):,.1f}",
            _compared(result.times, result.scenario.times, ".1f"),
        )
    console.print()
    console.print(table)
    rounds = [each for result in results for each in result.rounds]
    busiest = max(measured.busy for each in rounds for measured in each.values())
    console.print(
        f"One worker each, {CONNECTIONS} connections at a time; shares are the middle of {ROUNDS} rounds. "
        f"Asking took {busiest:.0%} of a core at most.",
        style="dim",
    )


def _compared(value: float, needed: float, form: str) -> Text:
    passed = value >= needed
    return Text(f"{value:{form}} {'≥' if passed else '<'} {needed:g}", style="green" if passed else "bold red")


def sum_up(results: Sequence[Result]) -> str:
    """All of it in one line."""
    names = " / ".join(result.scenario.name for result in results)
    shares = " / ".join(f"{result.share:.2f}" for result in results)
    times = " / ".join(f"{result.times:.0f}" if result.times >= 10 else f"{result.times:.1f}" for result in results)
    missed = [result.scenario.name for result in results if not result.passed]
    verdict = f"MISSED: {', '.join(missed)}" if missed else "passed"
    return f"bench {verdict}: {names} at {shares} of a bare server, {times} times Django REST framework"
