"""What an extension is: a name, what it is for, and its operations with those who answer them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import Response

from peerhall.api.problems import Problem
from peerhall.api.routing import Router
from peerhall.contract import problems
from peerhall.contract.operations import Operation

if TYPE_CHECKING:
    from peerhall.api.runtime import Runtime

Handler = Callable[[Request, "Runtime", Operation, tuple[str, ...]], Awaitable[Response]]

PUBLISHER: Final = "Peerhall"


@dataclass(frozen=True)
class Extension:
    """An API beside the standard one. Its operations are written as the standard's are, with paths below its own."""

    name: str
    summary: str
    """What it is for, in a sentence."""
    guide: str
    """How it is used, in Markdown; the table of operations is put below it."""
    routes: Mapping[Operation, Handler] = field(default_factory=dict)
    """Empty for one that only adds to the standard's operations."""
    version: int = 1
    streams: bool = False
    """Whether it answers in other media types than JSON, and sees to them itself."""

    def __post_init__(self) -> None:
        ids = {operation.id for operation in self.routes}
        object.__setattr__(self, "_router", Router(ids, self.routes))

    @property
    def address(self) -> str:
        """Where it is, below the path of all extensions."""
        return f"{self.name}/v{self.version}"

    def find(self, method: str, path: str) -> tuple[Operation, tuple[str, ...]]:
        """The operation for a path below its own, and the values in the path. Raises Problem: 404 or 405."""
        router: Router = self._router  # type: ignore[attr-defined]
        operation, values = router.find(method, path)
        if any("\x00" in value for value in values):  # of which the database could not even be asked
            raise Problem(problems.NOT_FOUND, "There is no such object.")
        return operation, values

    def announce(self, url: str) -> dict[str, str]:
        """Its entry in GET /extensions; `url` is where extensions are."""
        base = f"{url}/{self.address}"
        return {"name": self.name, "publisher": PUBLISHER, "documentation_url": base, "base_url": base}

    @property
    def documentation(self) -> str:
        """What there is to know about it, in Markdown."""
        calls = "".join(
            f"* `{operation.method} /api/ext/{self.address}{operation.path}`\n" for operation in self.routes
        )
        return f"# {self.name}\n\n{self.summary}\n\n{self.guide.strip()}\n" + (f"\n{calls}" if calls else "")
