"""What this server is: its health, what it implements, what it offers beyond the standard."""

import asyncio
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from peerhall.api.filters import parse_filters
from peerhall.api.resources.documents import MEDIA_TYPE
from peerhall.api.runtime import Runtime
from peerhall.contract.openapi import SCHEMA_VERSION
from peerhall.contract.operations import Operation
from peerhall.contract.vocabulary import write_instant
from peerhall.orderdesk.ordered_services import ORDERED
from peerhall.orderdesk.services import TYPES
from peerhall.store import heartbeats, settings
from peerhall.store.database import DatabaseUnavailable

HEARTBEAT_SECONDS: Final = 60
"""A reconciler that has not been heard of for longer is taken for dead."""
_PATIENCE_SECONDS: Final = 2.0


async def answer_health(_: Request, runtime: Runtime, __: Operation, ___: tuple[str, ...]) -> Response:
    """Always 200, as pyixapi takes anything else for IX-API 1; trouble shows in `status`."""
    now = runtime.clock()
    database, reconciler, timezone = await _look(runtime, now)
    status = "fail" if database["status"] == "fail" else "warn" if reconciler["status"] == "warn" else "pass"
    document: dict[str, Any] = {
        "status": status,
        "version": "2",
        "releaseId": runtime.software_version,
        "serviceId": "peerhall",
        "description": "IX-API by Peerhall",
        "checks": {"database:connection": [database], "provisioning:heartbeat": [reconciler]},
    }
    if timezone is not None:
        document["notes"] = [f"Contract days begin at midnight in the time zone {timezone}."]
    outputs = [check["output"] for check in (database, reconciler) if "output" in check]
    if outputs:
        document["output"] = " ".join(outputs)
    return Response(to_json(document), media_type=MEDIA_TYPE)


async def answer_implementation(_: Request, runtime: Runtime, __: Operation, ___: tuple[str, ...]) -> Response:
    """Exactly the operations that work, and the types they work with."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "service_version": runtime.software_version,
        "supported_network_service_types": ["exchange_lan", *ORDERED],
        "supported_network_service_config_types": list(TYPES),
        "supported_network_feature_types": ["route_server"],
        "supported_network_feature_config_types": ["route_server"],
        "supported_operations": sorted(runtime.available),
        "supported_features": {"pagination": True},
    }
    return Response(to_json(document), media_type=MEDIA_TYPE)


async def answer_extensions(request: Request, runtime: Runtime, operation: Operation, __: tuple[str, ...]) -> Response:
    """The APIs beside the standard one that work here; page_limit and page_offset take a part of the list."""
    filters = parse_filters(operation, request.scope["query_string"])
    offset = filters.get("page_offset", 0)
    listed = runtime.extensions[offset : offset + filters.get("page_limit", len(runtime.extensions))]
    complete = len(listed) == len(runtime.extensions)
    document = [extension.announce(runtime.extensions_url) for extension in listed]
    return Response(to_json(document), status_code=200 if complete else 206, media_type=MEDIA_TYPE)


async def _look(runtime: Runtime, now: datetime) -> tuple[dict[str, Any], dict[str, Any], str | None]:
    """How the database and the reconciler are, and the exchange's time zone, once there is an exchange."""
    at = write_instant(now)
    database: dict[str, Any] = {"componentType": "datastore", "status": "pass", "time": at}
    reconciler: dict[str, Any] = {"componentType": "component", "status": "pass", "time": at}
    try:
        seen, timezone = await asyncio.wait_for(_read_signs(runtime), _PATIENCE_SECONDS)
    except (DatabaseUnavailable, psycopg.Error, TimeoutError):
        database |= {"status": "fail", "output": "The database does not answer."}
        reconciler |= {"status": "warn", "output": "The reconciler's heartbeat cannot be read."}
        return database, reconciler, None
    if seen is None or now - seen > timedelta(seconds=HEARTBEAT_SECONDS):
        since = "has never run" if seen is None else f"was last heard of at {write_instant(seen)}"
        output = f"The reconciler {since}; orders are taken but do not proceed."
        reconciler |= {"status": "warn", "output": output}
    if seen is not None:
        reconciler |= {"observedValue": write_instant(seen)}
    return database, reconciler, timezone


async def _read_signs(runtime: Runtime) -> tuple[datetime | None, str | None]:
    seen = await heartbeats.read(runtime.reads, "provisioning")
    return seen, await settings.read_timezone(runtime.reads)
