"""How each query parameter of a list becomes a condition on a row `d` of `document`.

Values arrive parsed; they only ever travel as parameters. Most filters compare a member or a column; the few that
look across objects have a statement of their own.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from peerhall.store.scoping import sight_of

Condition = Callable[[str, str], str]
"""(filter name, placeholder) to SQL."""

OPEN_FILTERS: Final[dict[str, frozenset[str]]] = {
    "accounts": frozenset({"id", "name"}),
    "network-services": frozenset({"id", "type", "product_offering", "managing_account", "consuming_account"}),
}
"""Filters on members that everybody sees, for kinds shown in part; any other matches only what is seen in full."""


def _column(name: str, value: str) -> str:
    return f"d.{name} = {value}"


def _member(name: str, value: str) -> str:
    return f"d.body ->> '{name}' = {value}"


def _number(name: str, value: str) -> str:
    return f"d.body @> jsonb_build_object('{name}', {value}::bigint)"


def _ids(_: str, value: str) -> str:
    return f"d.id = any({value})"


def _is_not(name: str, value: str) -> str:
    return f"d.body ->> '{name.removesuffix('__is_not')}' <> {value}"


def _uses(name: str, value: str) -> str:
    return f"exists (select 1 from reference r where r.source = d.id and r.member = '{name}' and r.target = {value})"


def _uses_any(name: str, value: str) -> str:
    return (
        f"exists (select 1 from reference r where r.source = d.id and r.member = '{name}' and r.target = any({value}))"
    )


def _staffed_by(_: str, value: str) -> str:
    return f"""exists (select 1 from reference r join reference c on c.source = r.target and c.member = 'contact'
               where r.source = d.id and r.member = 'role_assignments' and c.target = any({value}))"""


def _below(member: str) -> Condition:
    """Objects whose `member` names something that itself names the value, under the filter's name."""

    def condition(name: str, value: str) -> str:
        return f"""exists (select 1 from reference r join reference up on up.source = r.target and up.member = '{name}'
                   where r.source = d.id and r.member = '{member}' and up.target = {value})"""

    return condition


def _named_by(member: str) -> Condition:
    """Objects that are named in `member` by something which also names the value, under the filter's name."""

    def condition(name: str, value: str) -> str:
        return f"""exists (select 1 from reference r join reference o on o.source = r.source and o.member = '{name}'
                   where r.target = d.id and r.member = '{member}' and o.target = {value})"""

    return condition


def _held_by(member: str) -> Condition:
    """The object that the value names in `member`."""

    def condition(_: str, value: str) -> str:
        return (
            f"exists (select 1 from reference r where r.target = d.id and r.member = '{member}' and r.source = {value})"
        )

    return condition


def _offered_bandwidth(_: str, value: str) -> str:
    return f"""(d.type not in ('connection')
        and coalesce((d.body ->> 'bandwidth_min')::bigint, 0) <= {value}
        and coalesce((d.body ->> 'bandwidth_max')::bigint, {value}) >= {value})"""


def _contract_period(name: str, value: str) -> str:
    return f"d.meta -> 'periods' ->> '{name}' = {value}"


_VISIBLE = "exists (select 1 from document d where d.id = {value} and d.kind = '{kind}' and {sight})"
"""The object a filter names is one the caller sees; otherwise the answer would tell about it."""

_USABLE_FOR_SERVICE = """exists (
    select 1 from document o
    where o.kind = 'product-offerings'
      and (o.body ->> 'exchange_lan_network_service' = {value}
           or exists (select 1 from reference r where r.source = {value} and r.target = o.id
                      and r.member in ('product_offering', 'nsc_product_offerings')))
      and d.body ->> 'metro_area_network' in
          (o.body ->> 'handover_metro_area_network', o.body ->> 'service_metro_area_network')
      and (o.body ->> 'physical_port_speed' is null
           or (o.body ->> 'physical_port_speed')::bigint
              * greatest(coalesce(d.meta ->> 'bundled', d.body ->> 'port_quantity')::bigint, 1)
              = (d.body ->> 'speed')::bigint))"""

_SERVICE_AT_POP = """exists (
    select 1 from document pop
    where pop.kind = 'pops' and pop.id = {value}
      and (d.body ->> 'metro_area_network' = pop.body ->> 'metro_area_network'
           or exists (select 1 from document o
                      where o.id = d.body ->> 'product_offering'
                        and pop.body ->> 'metro_area_network' in
                            (o.body ->> 'handover_metro_area_network', o.body ->> 'service_metro_area_network'))))"""

_FOR_CUSTOMERS_CIRCUIT = """(
    d.body ->> 'service_provider_workflow' = 'provider_first'
    and (({value}::jsonb -> 'others')::boolean
             and not coalesce({value}::jsonb -> 'known' ? (d.meta ->> 'cloud_provider'), false)
         or exists (select 1 from jsonb_to_recordset({value}::jsonb -> 'circuits')
                                  as c (provider text, region text, pop text, bandwidth bigint)
                    where c.provider = d.meta ->> 'cloud_provider'
                      and coalesce(c.region = d.body ->> 'service_provider_region', c.region is null)
                      and coalesce(c.pop = d.body ->> 'service_provider_pop', c.pop is null)
                      and (c.bandwidth is null
                           or coalesce((d.body ->> 'bandwidth_min')::bigint, 0) <= c.bandwidth
                              and coalesce((d.body ->> 'bandwidth_max')::bigint, c.bandwidth) >= c.bandwidth))))"""
"""The value is no longer the key, but what providers said about it; see `api.cloud_keys`."""

_TAGGED = """(d.body -> 'vlan_config' @> jsonb_build_object('outer_vlan', {value}::bigint)
              or d.body -> 'vlan_config' @> jsonb_build_object('vlan', {value}::bigint))"""

_SPEAKS_AS = "d.body -> 'asns' @> to_jsonb({value}::bigint)"

_BILLABLE = "(jsonb_typeof(d.body -> 'billing_information') = 'object') = {value}::boolean"


def _template(text: str) -> Condition:
    return lambda _, value: text.format(value=value)


_COMMON: Final[dict[str, Condition]] = {
    "id": _ids,
    "state": _column,
    "state__is_not": _is_not,
    "type": _column,
    "managing_account": _column,
    "consuming_account": _column,
    "external_ref": _column,
    "name": _member,
    "role_assignments": _uses_any,
    "contacts": _staffed_by,
    "valid_not_before": _member,
    "valid_not_after": _member,
}

_OF_KIND: Final[dict[str, dict[str, Condition]]] = {
    "accounts": {"billable": _template(_BILLABLE), "asn": _template(_SPEAKS_AS)},
    "connections": {
        "mode": _member,
        "mode__is_not": _is_not,
        "metro_area": _member,
        "metro_area_network": _member,
        "pop": _member,
        "facility": _below("pop"),
        "supported_network_service": _template(_USABLE_FOR_SERVICE),
    },
    "devices": {
        "facility": _member,
        "pop": _member,
        "metro_area_network": _below("pop"),
    },
    "facilities": {
        "organisation_name": _member,
        "metro_area": _member,
        "metro_area_network": _named_by("facility"),
        "address_country": _member,
        "address_locality": _member,
        "postal_code": _member,
    },
    "ips": {
        "network_service": lambda _, value: f"d.meta ->> 'network_service' = {value}",
        "network_service_config": _held_by("ips"),
        "network_feature": lambda _, value: f"d.meta ->> 'network_feature' = {value}",
        "network_feature_config": _held_by("ip"),
        "version": _number,
        "fqdn": _member,
        "prefix_length": _number,
    },
    "macs": {
        "network_service_config": _held_by("macs"),
        "address": lambda _, value: f"lower(d.body ->> 'address') = lower({value})",
    },
    "member-joining-rules": {"network_service": _member},
    "metro-area-networks": {"metro_area": _member, "service_provider": _member},
    "network-feature-configs": {
        "service_config": lambda _, value: f"d.body ->> 'network_service_config' = {value}",
        "network_service_config": _member,
        "network_feature": _member,
    },
    "network-features": {
        "required": lambda _, value: f"d.body -> 'required' = to_jsonb({value}::boolean)",
        "network_service": _member,
    },
    "network-service-configs": {
        "inner_vlan": lambda _, value: f"d.body -> 'vlan_config' @> jsonb_build_object('inner_vlan', {value}::bigint)",
        "outer_vlan": _template(_TAGGED),
        "capacity": _number,
        "network_service": _member,
        "connection": _member,
        "product_offering": _member,
    },
    "network-services": {"pop": _template(_SERVICE_AT_POP), "product_offering": _member},
    "pops": {"facility": _member, "metro_area_network": _member},
    "port-reservations": {"connection": _member, "port": _member},
    "ports": {
        "media_type": _member,
        "pop": _member,
        "device": _member,
        "speed": _member,
        "connection": _member,
    },
    "product-offerings": {
        "resource_type": _member,
        "handover_metro_area": _member,
        "handover_metro_area_network": _member,
        "handover_pop": _member,
        "service_metro_area": _member,
        "service_metro_area_network": _member,
        "service_provider": _member,
        "downgrade_allowed": _member,
        "upgrade_allowed": _member,
        "bandwidth": _offered_bandwidth,
        "physical_port_speed": _number,
        "service_provider_region": _member,
        "service_provider_pop": _member,
        "delivery_method": _member,
        "cloud_key": _template(_FOR_CUSTOMERS_CIRCUIT),
        "contract_initial_period": _contract_period,
        "contract_initial_notice_period": _contract_period,
        "contract_renewal_period": _contract_period,
        "contract_renewal_notice_period": _contract_period,
    },
    "role-assignments": {"contact": _member, "role": _member},
    "roles": {
        "contact": lambda _, value: (
            "exists (select 1 from reference r join reference role on role.source = r.source and role.member = 'role' "
            f"where r.member = 'contact' and r.target = {value} and role.target = d.id)"
        ),
    },
    "routing-functions": {"asn": _member},
}

_SEEN_FIRST: Final = {
    ("connections", "supported_network_service"): "network-services",
    ("roles", "contact"): "contacts",
}
"""Filters that would tell about an object of another kind, unless the caller may see it."""

_DEVICES_OF: Final = {
    "devices": "device.id = d.id",
    "pops": "device.body ->> 'pop' = d.id",
    "facilities": "device.body ->> 'facility' = d.id",
}

_PREFIX: Final = "f_"
"""Sets the parameters of filters apart from all others of a statement."""

_COMPARISONS: Final = {"": "=", "_lt": "<", "_lte": "<=", "_gt": ">", "_gte": ">="}


def placeholder(name: str) -> str:
    """Where a statement wants the value of a filter."""
    return f"%({_PREFIX}{name})s"


def list_values(filters: Mapping[str, Any]) -> dict[str, Any]:
    """The values of filters as parameters of a statement."""
    return {_PREFIX + name: value for name, value in filters.items()}


def list_conditions(kind: str, filters: Collection[str], tree: str) -> tuple[list[str], list[str]]:
    """Conditions for the filters of these names: those on what everybody sees, and those on sensitive members.

    `tree` is an SQL expression for the accounts the caller acts for. `fields` and paging are not conditions and must
    not be among the filters.
    """
    open_filters = OPEN_FILTERS.get(kind)
    open_conditions: list[str] = []
    closed_conditions: list[str] = []
    capability: list[str] = []
    for name in filters:
        value = placeholder(name)
        if name.startswith("capability_"):
            capability.append(_capability(name, value))
            continue
        condition = (_OF_KIND.get(kind, {}).get(name) or _COMMON[name])(name, value)
        if other := _SEEN_FIRST.get((kind, name)):
            seen = _VISIBLE.format(value=value, kind=other, sight=sight_of(other, tree).any)
            condition = f"({seen} and {condition})"
        visible_to_all = open_filters is None or name in open_filters
        (open_conditions if visible_to_all else closed_conditions).append(condition)
    if capability:
        open_conditions.append(_has_capability(kind, capability))
    if "state" not in filters:
        open_conditions.append("d.state is distinct from 'archived'")
    return open_conditions, closed_conditions


def _capability(name: str, value: str) -> str:
    if name == "capability_media_type":
        return f"capability ->> 'media_type' = {value}"
    comparison = _COMPARISONS[name.removeprefix("capability_speed").replace("__", "_")]
    return f"(capability ->> 'speed')::bigint {comparison} {value}"


def _has_capability(kind: str, conditions: list[str]) -> str:
    """One and the same capability of one device meets all the conditions."""
    return f"""exists (
        select 1 from document device, jsonb_array_elements(device.body -> 'capabilities') as capability
        where device.kind = 'devices' and {_DEVICES_OF[kind]} and {" and ".join(conditions)})"""
