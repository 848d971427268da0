"""From a device's entry to its document: ports by name, and what of them is free."""

from typing import Any

from peerhall.intake.drawing import NOT_THERE, Drawing, finish, read_members
from peerhall.intake.exchange_file import Entry
from peerhall.intake.port_names import expand


def draw_device(drawing: Drawing, entry: Entry) -> None:
    body, own = read_members(drawing, entry)
    groups = _merge_groups(drawing, entry, own.get("ports", []))
    capabilities = [
        {
            "media_type": group["media_type"],
            "speed": group["speed"],
            **({} if group["max_lag"] is None else {"max_lag": group["max_lag"]}),
            "availability": len(group["names"]),
        }
        for group in groups
    ]
    pop = drawing.find(body.get("pop"))
    derived = {"capabilities": capabilities, "facility": pop.body.get("facility", NOT_THERE) if pop else NOT_THERE}
    ports = [{name: group[name] for name in ("media_type", "speed", "names")} for group in groups]
    finish(drawing, entry, {"name": entry.key, **body, **derived}, {"ports": ports})


def _merge_groups(drawing: Drawing, entry: Entry, groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One group for each medium and speed, with the names of all its ports."""
    merged: dict[tuple[str, int], dict[str, Any]] = {}
    seen: set[str] = set()
    for index, group in enumerate(groups):
        names = _port_names(drawing, entry, index, group["names"])
        twice = sorted(seen.intersection(names)) or sorted({name for name in names if names.count(name) > 1})
        if twice:
            reason = f"{twice[0]} is a port of this device already; each port has one name"
            drawing.mistakes.add(entry.node, reason, f"ports.{index}.names")
        seen.update(names)
        known = merged.setdefault((group["media_type"], group["speed"]), {**group, "names": []})
        known["names"] = list(dict.fromkeys([*known["names"], *names]))
        if known["max_lag"] != group["max_lag"]:
            reason = "ports of the same media_type and speed on a device need the same max_lag"
            drawing.mistakes.add(entry.node, reason, f"ports.{index}.max_lag")
    return list(merged.values())


def _port_names(drawing: Drawing, entry: Entry, index: int, given: str | list[str]) -> list[str]:
    names: list[str] = []
    for text in [given] if isinstance(given, str) else given:
        try:
            names += expand(text)
        except ValueError as error:
            drawing.mistakes.add(entry.node, str(error), f"ports.{index}.names")
    return names
