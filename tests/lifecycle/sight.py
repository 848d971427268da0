"""Who sees what: all of what an account manages or consumes, parts of what others show it, and nothing else."""

from typing import Any

from tests.lifecycle.picture import OVER, Document, Picture
from tests.lifecycle.stage import Stage

LISTED = (
    "accounts",
    "connections",
    "contacts",
    "ips",
    "macs",
    "member-joining-rules",
    "network-feature-configs",
    "network-service-configs",
    "network-services",
    "port-reservations",
    "ports",
    "role-assignments",
    "routing-functions",
)

MASK = "********"

_ACCOUNT_PART = {"id", "name", "metro_area_network_presence"}
_PUBLIC_PART = {"id", "type", "product_offering", "display_name", "managing_account", "consuming_account"}
_OF_THE_PAYER = {
    "charged_until",
    "current_billing_start_date",
    "external_ref",
    "purchase_order",
    "contract_ref",
    "billing_account",
}
_OF_THE_OWNER = {*_OF_THE_PAYER, "state", "status", "decommission_at", "member_joining_rules"}


class Watch:
    """Checks the lists that somebody can have; one that nothing has happened to since it was seen is not read again."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._known: dict[tuple[str, str], Any] = {}

    def check(self, picture: Picture, viewer: str) -> None:
        """That every list has what the viewer may see, all of it, and no more of it."""
        for kind in LISTED:
            there = [*picture.of(kind)]
            seen = [what_is_seen(picture, viewer, each) for each in there if each.state != "archived"]
            expected = [each for each in seen if each is not None]
            if self._known.get((viewer, kind)) != (there, expected):
                listed = self._stage.read(viewer, f"/{kind}")
                assert listed == expected, f"GET /{kind} as {viewer}: {listed} instead of {expected}"
                self._known[viewer, kind] = there, expected


def what_is_seen(picture: Picture, viewer: str, document: Document) -> dict[str, Any] | None:
    """The document as the viewer sees it; None where it does not."""
    tree = picture.tree(viewer)
    if picture.owns(viewer, document):
        if document.kind == "accounts" and document.id == viewer:
            return {**document.body, "managing_account": None}
        return document.body if picture.manages(viewer, document) else _mask(document.body)
    match document.kind:
        case "accounts" if document["discoverable"]:
            return _only(document, _ACCOUNT_PART)
        case "ips" if document["consuming_account"] == "exchange":
            return document.body
        case "network-services":
            return _see_service(picture, tree, document)
        case _:
            return None


def _see_service(picture: Picture, tree: set[str], service: Document) -> dict[str, Any] | None:
    if service["type"] == "exchange_lan":
        return service.body
    if service["joining_member_account"] in tree:
        return _without(service, _OF_THE_PAYER)
    joined = [
        each
        for each in picture.users("network-service-configs", "network_service", service.id)
        if each["consuming_account"] in tree and each.state not in OVER
    ]
    invited = [
        each
        for each in picture.users("member-joining-rules", "network_service", service.id)
        if each["consuming_account"] in tree and each["type"] == "allow"
    ]
    if joined or invited:
        return _without(service, _OF_THE_OWNER)
    return _only(service, _PUBLIC_PART) if service["public"] else None


def _mask(body: dict[str, Any]) -> dict[str, Any]:
    """Without passwords: these are for who manages it."""
    if body.get("password"):
        body = {**body, "password": MASK}
    if (body.get("l3_config") or {}).get("bgp_password"):
        body = {**body, "l3_config": {**body["l3_config"], "bgp_password": MASK}}
    return body


def _only(document: Document, members: set[str]) -> dict[str, Any]:
    return {name: value for name, value in document.body.items() if name in members}


def _without(document: Document, members: set[str]) -> dict[str, Any]:
    return {name: value for name, value in document.body.items() if name not in members}
