"""Names of ports, written once for many: `Ethernet{1..48}`, `xe-0/{0..3}/{0,2,4}`, `Gi1/{01..24}`."""

import re
from itertools import product
from typing import Final

MOST: Final = 4096
"""How many ports one name may stand for."""

LONGEST: Final = 80

_BRACES: Final = re.compile(r"\{([^{}]*)\}")
_RANGE: Final = re.compile(r"([0-9]{1,6})\.\.([0-9]{1,6})", re.ASCII)


def expand(text: str) -> list[str]:
    """All the names, in order. Raises ValueError, saying what is wrong with the text."""
    pieces = _BRACES.split(text)
    if any("{" in piece or "}" in piece for piece in pieces):
        raise ValueError(f"{text!r} has a brace without its other half")
    choices = [[piece] if index % 2 == 0 else _choices(piece, text) for index, piece in enumerate(pieces)]
    count = 1
    for choice in choices:
        count *= len(choice)
    if count > MOST:
        raise ValueError(f"{text!r} stands for {count} ports; at most {MOST} are possible")
    names = ["".join(parts) for parts in product(*choices)]
    if any(not name.strip() or len(name) > LONGEST for name in names):
        raise ValueError(f"a port needs a name of 1 to {LONGEST} characters")
    return names


def _choices(inside: str, text: str) -> list[str]:
    found: list[str] = []
    for part in inside.split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None:
            if not part.strip() or ".." in part:
                raise ValueError(f"{text!r}: between braces goes a range such as 1..48, or a list such as 1,3,5")
            found.append(part.strip())
            continue
        first, last = match.groups()
        if int(first) > int(last):
            raise ValueError(f"{text!r}: the range {first}..{last} ends before it begins")
        width = len(first) if first.startswith("0") else 0
        found += [str(number).zfill(width) for number in range(int(first), int(last) + 1)]
        if len(found) > MOST:
            raise ValueError(f"{text!r} stands for more than {MOST} ports")
    return found
