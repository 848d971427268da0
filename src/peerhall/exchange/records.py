"""An object as it is stored: the document of the standard, and what we know beside it."""

from dataclasses import dataclass, field, replace
from typing import Any, Self

Body = dict[str, Any]
Meta = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Record:
    """One object; never changed in place, only evolved."""

    id: str
    kind: str
    """Its collection, such as `connections`."""
    body: Body
    meta: Meta = field(default_factory=dict)
    serial: int = 0
    """Its place in the order of creation; 0 until it is stored."""

    @property
    def type(self) -> str:
        """What a polymorphic kind is told apart by; empty for the others."""
        return str(self.body.get("type", ""))

    @property
    def state(self) -> str:
        return str(self.body.get("state", ""))

    @property
    def managing_account(self) -> str | None:
        value = self.body.get("managing_account") or self.meta.get("managing_account")
        return None if value is None else str(value)

    @property
    def consuming_account(self) -> str | None:
        value = self.body.get("consuming_account") or self.meta.get("consuming_account")
        return None if value is None else str(value)

    def with_body(self, **members: Any) -> Self:
        """The same object with these members changed."""
        return replace(self, body={**self.body, **members})

    def with_meta(self, **members: Any) -> Self:
        """The same object with these facts changed; None forgets one."""
        meta = {**self.meta, **members}
        return replace(self, meta={name: value for name, value in meta.items() if value is not None})

    def without(self, *members: str) -> Self:
        """The same object lacking these members."""
        return replace(self, body={name: value for name, value in self.body.items() if name not in members})
