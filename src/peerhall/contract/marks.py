"""How a member of a schema says more than its type: sensitive, read-only, a reference, never null.

The marks travel as `Annotated` metadata. pydantic ignores those it does not know, `openapi` and the order desk read
them, so a fact of the standard is written once, where the member is declared.
"""

from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict

T = TypeVar("T")


class Schema(BaseModel):
    """One schema of the standard; unknown members are ignored, types are never bent to fit."""

    model_config = ConfigDict(strict=True, extra="ignore", defer_build=True, protected_namespaces=())


@dataclass(frozen=True, slots=True)
class Mark:
    """A plain yes/no fact about a member."""

    name: str


@dataclass(frozen=True, slots=True)
class Reference:
    """The member holds the id (or, in a list, ids) of objects of this collection."""

    collection: str


@dataclass(frozen=True, slots=True)
class Format:
    """The OpenAPI `format` of a member whose Python type does not tell it."""

    name: str


def refuse_null(value: Any) -> Any:
    """Refuses an explicit null where the standard lets a member be left out but not be null."""
    if value is None:
        raise ValueError("must not be null; leave the member out instead")
    return value


SENSITIVE = Mark("sensitive")
READ_ONLY = Mark("read-only")
NOT_NULL = BeforeValidator(refuse_null)

Sensitive = Annotated[T, SENSITIVE]
"""Shown only to accounts entitled to the object; absent for all others."""

ReadOnly = Annotated[T, READ_ONLY]
"""Set by the exchange; ignored when a client sends it."""

Maybe = Annotated[T | None, NOT_NULL]
"""May be left out, must not be null (None in Python means: it was left out)."""
