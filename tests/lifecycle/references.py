"""Nothing names what is not there, and the table of references says what the documents say."""

from collections.abc import Iterator

from tests.lifecycle.picture import Document, Picture
from tests.lifecycle.stage import Stage

_ACCOUNTS = {"managing_account": "accounts", "consuming_account": "accounts", "billing_account": "accounts"}

NAMED: dict[str, dict[str, str]] = {
    "accounts": {"managing_account": "accounts", "metro_area_network_presence": "metro-area-networks"},
    "connections": {
        **_ACCOUNTS,
        "product_offering": "product-offerings",
        "pop": "pops",
        "ports": "ports",
        "port_reservations": "port-reservations",
        "role_assignments": "role-assignments",
    },
    "contacts": {"managing_account": "accounts", "consuming_account": "accounts"},
    "ips": {"managing_account": "accounts", "consuming_account": "accounts"},
    "macs": {"managing_account": "accounts", "consuming_account": "accounts"},
    "member-joining-rules": {
        "managing_account": "accounts",
        "consuming_account": "accounts",
        "network_service": "network-services",
    },
    "network-feature-configs": {
        **_ACCOUNTS,
        "network_feature": "network-features",
        "network_service_config": "network-service-configs",
        "ip": "ips",
        "role_assignments": "role-assignments",
    },
    "network-service-configs": {
        **_ACCOUNTS,
        "network_service": "network-services",
        "connection": "connections",
        "routing_function": "routing-functions",
        "product_offering": "product-offerings",
        "macs": "macs",
        "ips": "ips",
        "role_assignments": "role-assignments",
        "network_feature_configs": "network-feature-configs",
    },
    "network-services": {
        **_ACCOUNTS,
        "product_offering": "product-offerings",
        "nsc_product_offerings": "product-offerings",
        "joining_member_account": "accounts",
        "member_joining_rules": "member-joining-rules",
    },
    "port-reservations": {"connection": "connections", "port": "ports"},
    "ports": {**_ACCOUNTS, "device": "devices", "connection": "connections", "role_assignments": "role-assignments"},
    "role-assignments": {"role": "roles", "contact": "contacts"},
    "routing-functions": {**_ACCOUNTS, "product_offering": "product-offerings"},
}
"""Which members of what members order name other objects, and of which collection."""

_BOTH_WAYS = {
    ("connections", "ports"),
    ("connections", "port_reservations"),
    ("network-service-configs", "network_feature_configs"),
    ("network-services", "member_joining_rules"),
}
"""Lists that are only the other end of a member."""


def check_references(stage: Stage, picture: Picture) -> None:
    written: dict[tuple[str, str], set[str]] = {}
    for source, member, target in stage.site.connection.execute("select source, member, target from reference"):
        written.setdefault((source, member), set()).add(target)
    for kind, members in NAMED.items():
        for document in picture.of(kind):
            for member, collection in members.items():
                named = set(_list_named(document, member))
                for target in named:
                    found = picture.documents.get(target)
                    assert found is not None, f"{kind} {document.id} names {target} in {member}, which is not there"
                    assert found.kind == collection, f"{kind} {document.id} names {found.kind} {target} in {member}"
                if collection != "accounts" and (kind, member) not in _BOTH_WAYS:
                    assert written.get((document.id, member), set()) == named, f"{kind} {document.id}: {member}"


def _list_named(document: Document, member: str) -> Iterator[str]:
    value = document[member]
    if isinstance(value, list):
        yield from value
    elif value is not None:
        yield value
