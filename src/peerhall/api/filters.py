"""Query parameters: those the operation knows are parsed and checked, all others are ignored."""

import re
from typing import Any, Final
from urllib.parse import parse_qsl

from peerhall.api.problems import invalid
from peerhall.contract.filters import BOOLEANS, Filter
from peerhall.contract.operations import Operation
from peerhall.contract.validation import Fault
from peerhall.contract.vocabulary import instant
from peerhall.exchange.durations import normalise_duration

_INTEGER: Final = re.compile(r"-?[0-9]{1,19}")
_INT64: Final = 2**63
_OLD_SPELLINGS: Final = {
    f"capability_speed__{comparison}": f"capability_speed_{comparison}" for comparison in ("lt", "lte", "gt", "gte")
}
_MOST_PARAMETERS: Final = 1000


def parse_filters(operation: Operation, query: bytes) -> dict[str, Any]:
    """The values of the parameters given, by the name the standard has for them now.

    Raises a ValidationError naming every parameter that does not parse.
    """
    if not query:
        return {}
    try:
        pairs = parse_qsl(
            query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS
        )
    except ValueError:
        raise invalid(Fault("", "The query is not URL-encoded UTF-8, or has too many parameters")) from None
    known = {parameter.name: parameter for parameter in operation.filters}
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        name = _OLD_SPELLINGS.get(name, name)
        if name in known:
            values.setdefault(name, []).append(value)
    faults: list[Fault] = []
    parsed: dict[str, Any] = {}
    for name, given in values.items():
        try:
            parsed[name] = _parse(known[name], given)
        except ValueError as error:
            faults.append(Fault(name, str(error)))
    if faults:
        raise invalid(*faults)
    return parsed


def _parse(parameter: Filter, given: list[str]) -> Any:
    if any("\x00" in value for value in given):
        raise ValueError("must not contain the character U+0000")
    if parameter.type == "list":
        return [item.strip() for value in given for item in value.split(",") if item.strip()]
    if len(set(given)) > 1:
        raise ValueError("is given more than once")
    value = given[0]
    match parameter.type:
        case "integer":
            return _integer(value, parameter.least)
        case "date-time":
            return instant(value)
        case "period":
            return normalise_duration(value)
        case "boolean" if value not in BOOLEANS:
            raise ValueError("must be true or false")
        case "boolean":
            return "true" if BOOLEANS[value] else "false"
        case "choice" if value not in parameter.choices:
            raise ValueError(f"must be one of {', '.join(parameter.choices)}")
    return value


def _integer(value: str, least: int | None) -> int:
    # Checked by its shape first: Python would also take spaces, underscores, and digits of other scripts.
    if not _INTEGER.fullmatch(value) or not -_INT64 <= int(value) < _INT64:
        raise ValueError("must be an integer")
    if least is not None and int(value) < least:
        raise ValueError(f"must be at least {least}")
    return int(value)
