"""The Prefer header (RFC 7240): the one preference we know is to try an order out."""

import re
from typing import Final

from starlette.requests import Request

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


def read_dry_run(request: Request, runtime: Runtime) -> bool:
    """Whether the client only wants to try. Refuses the preference with a value, and where it is switched off."""
    wanted = False
    for header in request.headers.getlist("prefer"):
        for name, value in _parse(header):
            if name.lower() == PREFERENCE:
                if value not in (None, "", '""'):
                    raise invalid(Fault("Prefer", "dry-run takes no value"))
                wanted = True
    if wanted and all(extension.name != PREFERENCE for extension in runtime.extensions):
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
