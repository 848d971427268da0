"""All there is, in a form that can be compared: after an order in which something went wrong, and one undisturbed."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from peerhall.provisioning.driver import Config
from peerhall.store.database import SyncConnection

Stock = dict[str, Any]

_VOLATILE: Final = {"timestamp"}
_SUMS: Final = {"connections": ("capacity_allocated",), "accounts": ("asns",)}


def take_stock(connection: SyncConnection, network: dict[str, dict[str, Config]]) -> Stock:
    """All there is, with names for ids and without the times of day."""
    rows = connection.execute
    serials: dict[int, str] = dict(rows("select serial, id from document").fetchall())
    found: dict[str, Any] = {
        "documents": {
            id_: {"kind": kind, "body": body, "meta": meta}
            for id_, kind, body, meta in rows("select id, kind, body, meta from document").fetchall()
        },
        "references": _sorted(rows("select source, member, target from reference").fetchall()),
        "tree": _sorted(rows("select ancestor, account from account_tree").fetchall()),
        "claims": _sorted(
            rows("select kind, scope, value, holder, account, released_at is null from claim").fetchall()
        ),
        "tags": _sorted(
            (serials[row[0]], *row[1:])
            for row in rows(
                "select connection, outer_tag::text, inner_tag::text, holder, account, released_at is null "
                "from vlan_claim"
            ).fetchall()
        ),
        "prefixes": _sorted(
            rows("select prefix::text, holder, account, released_at is null from prefix_claim").fetchall()
        ),
        "work": _sorted(rows("select subject, due_at::text from work").fetchall()),
        "leases": _sorted(rows("select subject from lease").fetchall()),
        "tasks": _sorted(rows("select subject, document, title from task where state = 'open'").fetchall()),
        "plans": _sorted(rows("select device from plan where closed_at is null").fetchall()),
        "asns": _sorted(rows("select account, asn from account_asn").fetchall()),
        "letters": _sorted(rows("select document, file_name from loa").fetchall()),
        "answers": _sorted(rows("select account, operation, key, status from idempotency").fetchall()),
        "journal": _sorted(
            set(
                rows(
                    """select account, operation, kind, document, outcome, detail ->> 'from', detail ->> 'to'
                       from journal where outcome <> 'advanced'"""
                ).fetchall()
            )
        ),
        "moves": _sorted(
            rows(
                """select account, operation, kind, document, detail ->> 'from', detail ->> 'to'
                   from journal where outcome = 'advanced'"""
            ).fetchall()
        ),
        "network": network,
    }
    for each in found["documents"].values():
        if each["meta"].get("phase") != "testing":
            # Whether a change was seen on its way decides if the test before it is remembered; nobody asks.
            each["meta"].get("network", {}).pop("tested", None)
        if each["kind"] == "ips" and each["body"]["valid_not_after"] is not None:
            each["body"]["valid_not_after"] = "when it was given back"
    for objects in found["network"].values():
        for config in objects.values():
            if "service_number" in config:
                config["service_number"] = serials[config["service_number"]]
    return _name_ids(_without_times(found))


def list_remains(found: Stock) -> list[str]:
    """What is still held, or to be done, by anybody; nothing, once all that was ordered is over."""
    live = [each for each in (*found["claims"], *found["tags"], *found["prefixes"]) if each[-1]]
    held = [f"held: {each}" for each in live if "lan" not in each[:-1]]
    to_do = [f"{name}: {each}" for name in ("work", "leases", "tasks", "plans") for each in found[name]]
    placed = [f"on {device}: {key}" for device, objects in found["network"].items() for key in objects]
    sums = [
        f"{id_} counts {name} {body[name]}"
        for id_, (kind, body) in ((id_, (each["kind"], each["body"])) for id_, each in found["documents"].items())
        for name in _SUMS.get(kind, ())
        if body[name]
    ]
    [switch] = found["documents"]["switch"]["body"]["capabilities"]
    taken = [] if switch["availability"] == 24 else [f"{switch['availability']} ports are free, not 24"]
    return [*held, *to_do, *placed, *sums, *taken]


def _sorted(rows: Any) -> list[Any]:
    return sorted(map(list, rows), key=repr)


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_times(each) for name, each in value.items() if name not in _VOLATILE}
    if isinstance(value, list):
        return [_without_times(each) for each in value]
    return value


def _name_ids(found: dict[str, Any]) -> dict[str, Any]:
    """Ids are numbered anew: what failed may have used some up."""
    text = json.dumps(found)
    ids = sorted(set(re.findall(r"(a[0-9a-f]{7})-(?=[0-9a-f]{4}-)", text)))
    for number, each in enumerate(ids, start=1):
        text = (
            text.replace(str(UUID(each * 4)), f"#{number}").replace(each * 2, f"#{number}").replace(each, f"#{number}")
        )
    named: dict[str, Any] = json.loads(text)
    return named


def differences(before: Any, after: Any, at: str = "") -> Iterator[str]:
    """What is not the same, place by place."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(before.keys() | after.keys()):
            yield from differences(before.get(name), after.get(name), f"{at}.{name}")
    elif isinstance(before, list) and isinstance(after, list) and at.count(".") == 1:
        yield from (f"{at} lacks {each}" for each in before if each not in after)
        yield from (f"{at} has {each}" for each in after if each not in before)
        if len(before) != len(after):
            yield f"{at} has {len(after)} entries, not {len(before)}"
    elif before != after:
        yield f"{at}: {before!r} has become {after!r}"
