"""Runs `peerhall` commands as an operator types them."""

import json
from typing import Any

from click.testing import CliRunner, Result

from peerhall.admin.command import peerhall


class Operator:
    """Somebody at the keyboard of the exchange, with a database to name in every command."""

    def __init__(self, database: str) -> None:
        self._database = database

    def run(self, *words: str, code: int = 0, typed: str | None = None) -> Result:
        """Runs a command and checks its exit code."""
        result = CliRunner().invoke(peerhall, [*words, "--database", self._database], input=typed)
        assert result.exit_code == code, f"{' '.join(words)}: {result.exit_code}\n{result.output}\n{result.exception!r}"
        return result

    def read(self, *words: str) -> Any:
        """What a command prints with --json."""
        return json.loads(self.run(*words, "--json").stdout)
