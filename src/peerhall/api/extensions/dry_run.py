"""`Prefer: dry-run` (RFC 7240) on every write: the answer of the order, which is then rolled back."""

import re
from typing import Final

from starlette.requests import Request

from peerhall.api.extensions.extension import Extension
from peerhall.api.problems import Problem, invalid
from peerhall.api.runtime import Runtime
from peerhall.contract.validation import Fault

PREFERENCE: Final = "dry-run"
APPLIED: Final = {"Preference-Applied": PREFERENCE}

_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_VALUE: Final = rf'(?:{_WORD}|"(?:[^"\\]|\\.)*+")'
_PARAMETER: Final = rf"{_WORD}(?:\s*+=\s*+{_VALUE})?"
_PREFERENCE: Final = re.compile(
    rf"\s*+(?P<name>{_WORD})?(?:\s*+=\s*+(?P<value>{_VALUE})?)?(?:\s*+;\s*+(?:{_PARAMETER})?)*+\s*+(?:,|$)"
)
"""One preference, and the comma behind it; nothing of it is tried twice, however long a header is."""

EXTENSION: Final = Extension(
    "dry-run",
    "Tries an order out: every write of the standard, and of the extensions, without its consequences.",
    """
Send `Prefer: dry-run` with a POST, PUT, PATCH or DELETE. The answer has the status code and the body that the order
would have been answered with, and `Preference-Applied: dry-run`; a refusal is the problem document that the order would
have been refused with. Nothing is kept: no object, no claim, no line in the journal, no work for the network, no
answer under the `Idempotency-Key`. Ids and what the exchange picks (addresses, VLANs, ports) are examples: nothing is
set aside for you. `Location` is left out, as there is nothing at it.

An order that a moment later meets others may still be refused. `dry-run` takes no value; one that has a value is
refused, lest an order be carried out that was meant as a trial.
""",
)


def read_dry_run(request: Request, runtime: Runtime) -> bool:
    """Whether the client only wants to try. Refuses the preference with a value, and where it is switched off."""
    wanted = False
    for header in request.headers.getlist("prefer"):
        for name, value in _parse(header):
            if name.lower() == PREFERENCE:
                if value not in (None, "", '""'):
                    raise invalid(Fault("Prefer", "dry-run takes no value"))
                wanted = True
    if wanted and EXTENSION not in runtime.extensions:
        raise invalid(Fault("Prefer", "dry-run is not offered here, and the order was not carried out"))
    return wanted


def _parse(header: str) -> list[tuple[str, str | None]]:
    """The preferences in a header. Raises Problem when it is none and yet speaks of a trial."""
    found: list[tuple[str, str | None]] = []
    position = 0
    while position < len(header):
        match = _PREFERENCE.match(header, position)
        if match is None:
            if PREFERENCE in header.lower():
                raise _unreadable()
            return found
        found.append((match["name"] or "", match["value"]))
        position = match.end()
    return found


def _unreadable() -> Problem:
    return invalid(Fault("Prefer", "is not written as RFC 7240 wants it, as in: Prefer: dry-run"))
