"""Query parameters: those the operation knows are parsed and checked, all others are ignored."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qsl

from peerhall.api.problems import invalid
from peerhall.contract.filters import Filter
from peerhall.contract.operations import Operation
from peerhall.contract.validation import Fault
from peerhall.contract.vocabulary import STATES, instant
from peerhall.exchange.durations import normalise_duration

_TRUE: Final = frozenset({"true", "True", "1"})
_FALSE: Final = frozenset({"false", "False", "0"})
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
        return [item for value in given for item in value.split(",") if item]
    if len(set(given)) > 1:
        raise ValueError("is given more than once")
    value = given[0]
    special = _SPECIAL.get(parameter.name)
    if special is not None:
        return special(value)
    match parameter.type:
        case "integer":
            return _integer(value)
        case "date-time":
            return instant(value)
        case "choice" if parameter.choices == ("true", "false"):
            return _boolean(value)
        case "choice" if value not in parameter.choices:
            raise ValueError(f"must be one of {', '.join(parameter.choices)}")
    return value


def _integer(value: str) -> int:
    try:
        number = int(value) if value.isascii() and not value.isspace() and "_" not in value else None
    except ValueError:
        number = None
    if number is None or not -_INT64 <= number < _INT64:
        raise ValueError("must be an integer")
    return number


def _boolean(value: str) -> str:
    if value in _TRUE:
        return "true"
    if value in _FALSE:
        return "false"
    raise ValueError("must be true or false")


def _state(value: str) -> str:
    if value not in STATES:
        raise ValueError(f"must be one of {', '.join(sorted(STATES))}")
    return value


def _billable(value: str) -> int:
    return 1 if value in _TRUE else 0 if value in _FALSE else _integer(value)


def _fields(value: str) -> list[str]:
    return [field.strip() for field in value.split(",") if field.strip()]


_SPECIAL: Final[dict[str, Callable[[str], Any]]] = {
    "state": _state,
    "state__is_not": _state,
    "required": _boolean,
    "billable": _billable,
    "fields": _fields,
    "valid_not_before": instant,
    "valid_not_after": instant,
    "contract_initial_period": normalise_duration,
    "contract_initial_notice_period": normalise_duration,
    "contract_renewal_period": normalise_duration,
    "contract_renewal_notice_period": normalise_duration,
}
