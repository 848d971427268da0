"""What this server is: its health, what it implements, what it offers beyond the standard."""

from typing import Any, Literal

from peerhall.contract.marks import Maybe, Schema
from peerhall.contract.vocabulary import Text


class HealthResponse(Schema):
    """A health document after draft-inadarei-api-health-check."""

    status: Literal["pass", "fail", "warn"]
    version: Maybe[Text] = None
    releaseId: Maybe[Text] = None  # noqa: N815 - the draft's spelling
    notes: Maybe[list[Text]] = None
    output: Maybe[Text] = None
    serviceId: Maybe[Text] = None  # noqa: N815 - the draft's spelling
    description: Maybe[Text] = None
    checks: Maybe[dict[str, list[dict[str, Any]]]] = None
    links: Maybe[dict[str, Text]] = None


class APIFeatures(Schema):
    """Optional abilities of the whole API."""

    pagination: bool | None = None


class ImplementationResponse(Schema):
    """Exactly what works here."""

    schema_version: Text
    service_version: Maybe[Text] = None
    supported_network_service_types: list[Text]
    supported_network_service_config_types: list[Text]
    supported_network_feature_types: list[Text]
    supported_network_feature_config_types: list[Text]
    supported_operations: list[Text]
    supported_features: APIFeatures | None = None


class ApiExtension(Schema):
    """An API beside the standard one."""

    name: Maybe[Text] = None
    publisher: Maybe[Text] = None
    documentation_url: Maybe[Text] = None
    base_url: Maybe[Text] = None
    spec_url: Maybe[Text] = None
