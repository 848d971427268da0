"""The table of all operations: everything about a call but how it is carried out.

Routes, validation, the OpenAPI document, the access matrix and the client are all read from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from peerhall.contract import problems
from peerhall.contract.filters import FILTERS, PAGING, Filter, integer, moment, text
from peerhall.contract.problems import ProblemType

Permission = Literal["open", "login", "read", "write"]
"""open: anybody; login: credentials in the body; read, write: a bearer token, for write not of a read-only key."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path."""

    id: str
    method: str
    path: str
    status: int
    """Of a success; lists may also answer 206."""
    answer: str | None
    """Name of the answer's schema; None for a document that is not JSON."""
    many: bool = False
    """Whether the answer is a list of them."""
    body: str | None = None
    """Name of the body's schema; `binary` for a document."""
    partial: bool = False
    """Whether members that the body's schema demands may be left out (PATCH)."""
    filters: tuple[Filter, ...] = ()
    errors: tuple[ProblemType, ...] = ()
    permission: Permission = "read"
    deprecated: bool = False

    @property
    def group(self) -> str:
        """The collection the operation belongs to, which is the first segment of its path."""
        return self.path.split("/")[1]

    @property
    def pages(self) -> bool:
        """Whether the answer can be asked for in parts."""
        return PAGING[0] in self.filters


_CREDENTIALS: Final = (problems.AUTHENTICATION_ERROR, problems.NOT_AUTHENTICATED, problems.SIGNATURE_EXPIRED)
_ADMISSION: Final = (*_CREDENTIALS, problems.PERMISSION_DENIED)
_LIST: Final = (problems.VALIDATION_ERROR, *_ADMISSION)
_READ: Final = (*_ADMISSION, problems.NOT_FOUND)
_QUERY: Final = (problems.VALIDATION_ERROR, *_READ)
_CREATE: Final = (problems.VALIDATION_ERROR, problems.UNABLE_TO_FULFILL, *_ADMISSION)
_CHANGE: Final = (problems.VALIDATION_ERROR, problems.UNABLE_TO_FULFILL, *_READ)
_CANCEL: Final = (problems.CANCELLATION_POLICY_ERROR, *_CHANGE)
_REMOVE: Final = (problems.UNABLE_TO_FULFILL, *_READ)


def _list(group: str, schema: str) -> Operation:
    stem = group.replace("-", "_")
    return Operation(
        f"{stem}_list", "GET", f"/{group}", 200, schema, many=True, filters=(*PAGING, *FILTERS[group]), errors=_LIST
    )


def _read(group: str, schema: str) -> Operation:
    return Operation(f"{group.replace('-', '_')}_read", "GET", f"/{group}/{{id}}", 200, schema, errors=_READ)


def _create(group: str, schema: str, body: str | None = None) -> Operation:
    return Operation(
        f"{group.replace('-', '_')}_create",
        "POST",
        f"/{group}",
        201,
        schema,
        body=body or f"{schema}Request",
        errors=_CREATE,
        permission="write",
    )


def _update(
    group: str, schema: str, status: int, *errors: ProblemType, deprecated: bool = True
) -> tuple[Operation, Operation]:
    stem = group.replace("-", "_")
    path, body = f"/{group}/{{id}}", f"{schema}Update"
    return (
        Operation(
            f"{stem}_update",
            "PUT",
            path,
            status,
            schema,
            body=body,
            errors=(*_CHANGE, *errors),
            permission="write",
            deprecated=deprecated,
        ),
        Operation(
            f"{stem}_partial_update",
            "PATCH",
            path,
            status,
            schema,
            body=body,
            partial=True,
            errors=(*_CHANGE, *errors),
            permission="write",
        ),
    )


def _cancel(group: str, schema: str) -> Operation:
    return Operation(
        f"{group.replace('-', '_')}_destroy",
        "DELETE",
        f"/{group}/{{id}}",
        202,
        schema,
        body="CancellationRequest",
        errors=_CANCEL,
        permission="write",
    )


def _remove(group: str, schema: str, status: int = 200, *errors: ProblemType) -> Operation:
    return Operation(
        f"{group.replace('-', '_')}_destroy",
        "DELETE",
        f"/{group}/{{id}}",
        status,
        schema,
        errors=(*_REMOVE, *errors),
        permission="write",
    )


def _policy(operation_id: str, group: str) -> Operation:
    return Operation(
        f"{operation_id}_cancellation_policy_read",
        "GET",
        f"/{group}/{{id}}/cancellation-policy",
        200,
        "CancellationPolicy",
        filters=(text("decommission_at"),),
        errors=_QUERY,
    )


def _loa(group: str) -> tuple[Operation, Operation]:
    stem, path = group.replace("-", "_"), f"/{group}/{{id}}/loa"
    return (
        Operation(f"{stem}_loa_download", "GET", path, 200, None, errors=_READ),
        Operation(f"{stem}_loa_upload", "POST", path, 200, None, body="binary", errors=_QUERY, permission="write"),
    )


_WINDOW: Final = (moment("start"), moment("end"))
_SERIES: Final = (*_WINDOW, text("fields"))
_PEERS: Final = (integer("asn"), text("mac_address"), text("ip_address"), integer("ip_version"))


def _statistics(group: str, schema: str) -> tuple[Operation, Operation]:
    stem, path = group.replace("-", "_"), f"/{group}/{{id}}/statistics"
    return (
        Operation(f"{stem}_statistics_read", "GET", path, 200, schema, filters=_WINDOW, errors=_QUERY),
        Operation(
            f"{stem}_statistics_timeseries_read",
            "GET",
            f"{path}/{{aggregate}}/timeseries",
            200,
            "AggregateTimeseries",
            filters=_SERIES,
            errors=_QUERY,
        ),
    )


def _peer_statistics() -> tuple[Operation, Operation]:
    stem, path = "network_service_configs_peer_statistics", "/network-service-configs/{id}/peer-statistics"
    return (
        Operation(
            f"{stem}_read", "GET", path, 200, "PeerAggregate", many=True, filters=(*_WINDOW, *_PEERS), errors=_QUERY
        ),
        Operation(
            f"{stem}_timeseries_read",
            "GET",
            f"{path}/{{aggregate}}/timeseries",
            200,
            "PeerAggregateTimeseries",
            many=True,
            filters=(*_SERIES, *_PEERS),
            errors=_QUERY,
        ),
    )


def _change_request() -> tuple[Operation, Operation, Operation]:
    stem, path = "network_service_change_request", "/network-services/{id}/change-request"
    schema = "NetworkServiceChangeRequest"
    return (
        Operation(f"{stem}_read", "GET", path, 202, schema, errors=_READ),
        Operation(
            f"{stem}_create",
            "POST",
            path,
            202,
            schema,
            body=schema,
            errors=_CHANGE,
            permission="write",
        ),
        Operation(f"{stem}_destroy", "DELETE", path, 202, schema, errors=_REMOVE, permission="write"),
    )


def _login(operation_id: str, path: str, body: str) -> Operation:
    return Operation(
        operation_id,
        "POST",
        path,
        201,
        "AuthToken",
        body=body,
        errors=(problems.VALIDATION_ERROR, *_CREDENTIALS),
        permission="login",
    )


OPERATIONS: Final[tuple[Operation, ...]] = (
    _login("auth_token_create", "/auth/token", "AuthTokenRequest"),
    _login("auth_token_refresh", "/auth/refresh", "RefreshTokenRequest"),
    _list("facilities", "Facility"),
    _read("facilities", "Facility"),
    _list("devices", "Device"),
    _read("devices", "Device"),
    _list("pops", "PointOfPresence"),
    _read("pops", "PointOfPresence"),
    _list("metro-area-networks", "MetroAreaNetwork"),
    _read("metro-area-networks", "MetroAreaNetwork"),
    _list("metro-areas", "MetroArea"),
    _read("metro-areas", "MetroArea"),
    _list("product-offerings", "ProductOffering"),
    _read("product-offerings", "ProductOffering"),
    _list("availability-zones", "AvailabilityZone"),
    _read("availability-zones", "AvailabilityZone"),
    _list("ports", "Port"),
    _read("ports", "Port"),
    *_statistics("ports", "PortStatistics"),
    _list("port-reservations", "PortReservation"),
    _create("port-reservations", "PortReservation"),
    _read("port-reservations", "PortReservation"),
    *_update("port-reservations", "PortReservation", 202),
    _cancel("port-reservations", "PortReservation"),
    _policy("port_reservation", "port-reservations"),
    *_loa("port-reservations"),
    _list("connections", "Connection"),
    _create("connections", "Connection"),
    _read("connections", "Connection"),
    *_update("connections", "Connection", 202),
    _cancel("connections", "Connection"),
    *_statistics("connections", "Aggregate"),
    *_loa("connections"),
    _policy("connections", "connections"),
    _list("network-service-configs", "NetworkServiceConfig"),
    _create("network-service-configs", "NetworkServiceConfig"),
    _read("network-service-configs", "NetworkServiceConfig"),
    *_update("network-service-configs", "NetworkServiceConfig", 202),
    _cancel("network-service-configs", "NetworkServiceConfig"),
    *_statistics("network-service-configs", "NetworkServiceConfigAggregate"),
    *_peer_statistics(),
    _policy("network_service_config", "network-service-configs"),
    _list("network-feature-configs", "NetworkFeatureConfig"),
    _create("network-feature-configs", "NetworkFeatureConfig"),
    _read("network-feature-configs", "NetworkFeatureConfig"),
    *_update("network-feature-configs", "NetworkFeatureConfig", 202),
    _remove("network-feature-configs", "NetworkFeatureConfig", 202),
    Operation("account_read", "GET", "/account", 200, "Account", errors=_READ),
    _list("accounts", "Account"),
    _create("accounts", "Account"),
    _read("accounts", "Account"),
    *_update("accounts", "Account", 202),
    _remove("accounts", "Account"),
    _list("roles", "Role"),
    Operation("roles_read", "GET", "/roles/{id}", 200, "Role", errors=(*_CREDENTIALS, problems.NOT_FOUND)),
    _list("contacts", "Contact"),
    _create("contacts", "Contact"),
    _read("contacts", "Contact"),
    *_update("contacts", "Contact", 200, problems.CONSTRAINT_VIOLATION),
    _remove("contacts", "Contact", 200, problems.CONSTRAINT_VIOLATION),
    _list("role-assignments", "RoleAssignment"),
    _create("role-assignments", "RoleAssignment"),
    _read("role-assignments", "RoleAssignment"),
    _remove("role-assignments", "RoleAssignment", 200, problems.CONSTRAINT_VIOLATION),
    Operation("api_health_read", "GET", "/health", 200, "HealthResponse", permission="open"),
    Operation("api_implementation_read", "GET", "/implementation", 200, "ImplementationResponse", permission="open"),
    Operation(
        "api_extensions_list",
        "GET",
        "/extensions",
        200,
        "ApiExtension",
        many=True,
        filters=PAGING,
        errors=(problems.VALIDATION_ERROR,),
        permission="open",
    ),
    _list("ips", "IpAddress"),
    _create("ips", "IpAddress"),
    _read("ips", "IpAddress"),
    *_update("ips", "IpAddress", 200, deprecated=False),
    _list("macs", "MacAddress"),
    _create("macs", "MacAddress"),
    _read("macs", "MacAddress"),
    _remove("macs", "MacAddress"),
    _list("network-services", "NetworkService"),
    _create("network-services", "NetworkService"),
    _read("network-services", "NetworkService"),
    *_update("network-services", "NetworkService", 202),
    _cancel("network-services", "NetworkService"),
    *_statistics("network-services", "Aggregate"),
    Operation(
        "network_services_statistics_rtt_read",
        "GET",
        "/network-services/{id}/rtt-statistics",
        200,
        "PeerRTT",
        many=True,
        filters=(text("asn"), text("ip"), integer("after")),
        errors=_QUERY,
    ),
    *_change_request(),
    _policy("network_service", "network-services"),
    _list("network-features", "NetworkFeature"),
    _read("network-features", "NetworkFeature"),
    _list("member-joining-rules", "MemberJoiningRule"),
    _create("member-joining-rules", "MemberJoiningRule"),
    _read("member-joining-rules", "MemberJoiningRule"),
    *_update("member-joining-rules", "MemberJoiningRule", 200),
    _remove("member-joining-rules", "MemberJoiningRule"),
    _list("routing-functions", "RoutingFunction"),
    _create("routing-functions", "RoutingFunction"),
    _read("routing-functions", "RoutingFunction"),
    Operation(
        "routing_functions_partial_update",
        "PATCH",
        "/routing-functions/{id}",
        200,
        "RoutingFunction",
        body="RoutingFunctionRequest",
        partial=True,
        errors=_CHANGE,
        permission="write",
    ),
    _cancel("routing-functions", "RoutingFunction"),
    _policy("routing_functions", "routing-functions"),
)

BY_ID: Final[Mapping[str, Operation]] = MappingProxyType({operation.id: operation for operation in OPERATIONS})
