"""`python -m bench`: measures Peerhall beside a bare server and Django REST framework, and says if it is enough."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.exchange import draw_up
from bench.installation import installed
from bench.measuring import Result, count_bursts, measure
from bench.report import print_table, sum_up
from bench.scenarios import list_scenarios
from bench.servers import ServerFailed
from peerhall.store.embedded import EmbeddedError

_DIRECTORY: Final = Path(".bench")
"""Here, and not among temporary files: those may be kept in memory, where nothing is ever synced to disk."""


def main() -> int:
    """Returns 0 when every share is met."""
    console = Console(highlight=False)
    shutil.rmtree(_DIRECTORY, ignore_errors=True)
    _DIRECTORY.mkdir(mode=0o700)
    try:
        results = _run(console)
    except (ServerFailed, EmbeddedError) as error:
        console.print(f"bench: {error}", style="bold red", markup=False)
        return 1
    print_table(console, results)
    console.print(sum_up(results))
    return 0 if all(result.passed for result in results) else 1


def _run(console: Console) -> Sequence[Result]:
    exchange = draw_up()
    scenarios = list_scenarios(exchange)
    with installed(_DIRECTORY.absolute(), exchange, scenarios, console.print) as installation:
        columns = (TextColumn("Measuring, about two minutes"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("", total=count_bursts(scenarios))
            return measure(scenarios, installation.targets, installation.load, lambda: progress.advance(task))


if __name__ == "__main__":
    sys.exit(main())
