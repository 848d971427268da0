"""ISO 8601 durations of contracts: whole years, months, weeks and days."""

import re

_DURATION = re.compile(r"P(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?", re.ASCII)


def normalise_duration(text: str) -> str:
    """The one spelling of durations that mean the same: P12M is P1Y, P2W is P14D.

    Raises ValueError for what is not a duration of days or longer.
    """
    match = _DURATION.fullmatch(text.strip().upper())
    if match is None or not any(match.groups()):
        raise ValueError(f"{text!r} is not a period such as P1Y, P6M, P2W or P5D")
    years, months, weeks, days = (int(part or 0) for part in match.groups())
    months += 12 * years
    days += 7 * weeks
    parts = [f"{months // 12}Y" * (months >= 12), f"{months % 12}M" * (months % 12 > 0), f"{days}D" * (days > 0)]
    return "P" + ("".join(parts) or "0D")
