"""What a caller may see, as SQL: the whole of an object, a part of it, or nothing.

An account acts for itself and for every account below it in the tree. It sees in full what one of them manages or
consumes, and the catalogue. Three kinds are also shown in part. Which members a part has is decided in
`exchange.visibility`; here it becomes conditions on a row `d` of `document`.
"""

from dataclasses import dataclass
from typing import Final

from peerhall.exchange import visibility

OPERATOR: Final = "operator"
"""Stands in for the tree of an operator's key, which sees everything."""

_OWN = "(d.managing_account = any({tree}) or d.consuming_account = any({tree}))"

_ACCOUNT = "d.id = any({tree})"
_DISCOVERABLE = "d.body @> '{{\"discoverable\": true}}'"

_LAN = "d.type = 'exchange_lan'"
B_SIDE = """exists (select 1 from reference r
            where r.source = d.id and r.member = 'joining_member_account' and r.target = any({tree}))"""
"""Condition for being the B-side of a circuit, which sees where that is in its life."""
_JOINED = """exists (select 1 from reference r join document rule on rule.id = r.source
               where r.target = d.id and r.member = 'network_service' and rule.consuming_account = any({tree})
               and (rule.kind = 'network-service-configs'
                    and rule.state not in ('decommissioned', 'archived', 'cancelled')
                    or rule.kind = 'member-joining-rules' and rule.type = 'allow'))"""
_PUBLIC = "d.body @> '{{\"public\": true}}'"

_INFRASTRUCTURE = "d.consuming_account = (select s.value ->> 'account' from setting s where s.name = 'exchange')"


MASK: Final = "********"
"""Stands for a password wherever it is nobody's business."""

PASSWORDS: Final = {
    "network-feature-configs": ("{password}",),
    "network-service-configs": ("{l3_config,bgp_password}", "{cloud_config,bgp_password}"),
}
"""Where BGP passwords are: for whoever manages an object, and the exchange's operator, to read."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Conditions under which rows of one kind are seen, and what then goes out."""

    full: str
    """Condition for seeing all of it."""
    parts: tuple[tuple[str, str], ...] = ()
    """Further conditions, tried in order, each with the text that is shown instead."""
    whole: str = "d.wire"
    """The text of what is seen in full."""

    @property
    def any(self) -> str:
        """Condition for seeing anything of it."""
        conditions = (self.full, *(condition for condition, _ in self.parts))
        return f"({' or '.join(conditions)})" if self.parts else self.full

    @property
    def shown(self) -> str:
        """What of the row goes out, as text."""
        if not self.parts:
            return self.whole
        cases = " ".join(f"when {condition} then {text}" for condition, text in self.parts)
        return f"case when {self.full} then {self.whole} {cases} end"


def sight_of(kind: str, tree: str) -> Sight:
    """How objects of this kind are seen by the holder of `tree`, an SQL expression for the accounts it acts for."""
    if tree == OPERATOR or kind in visibility.CATALOGUE:
        return Sight("true")
    match kind:
        case "accounts":
            return Sight(
                _ACCOUNT.format(tree=tree), ((_DISCOVERABLE.format(), _only(visibility.DISCOVERABLE_ACCOUNT)),)
            )
        case "network-services":
            return Sight(
                f"({_LAN} or {_OWN.format(tree=tree)})",
                (
                    (B_SIDE.format(tree=tree), _without(visibility.OWNERS_MEMBERS_OF_CIRCUIT)),
                    (_JOINED.format(tree=tree), _without(visibility.OWNERS_MEMBERS_OF_SERVICE)),
                    (_PUBLIC.format(), _only(visibility.PUBLIC_SERVICE)),
                ),
            )
        case "ips":
            return Sight(f"({_OWN.format(tree=tree)} or {_INFRASTRUCTURE})")
        case "network-feature-configs" | "network-service-configs":
            return Sight(_OWN.format(tree=tree), whole=_for_managers(kind, tree))
        case _:
            return Sight(_OWN.format(tree=tree))


def own_account_shown(sight: Sight, account: str) -> str:
    """`shown` for accounts: clients know their own by its having nobody above it, so it must not name its parent."""
    return (
        f"case when d.id = {account} and d.managing_account is not null "
        f"then (d.body || '{{\"managing_account\": null}}')::text else {sight.shown} end"
    )


def _for_managers(kind: str, tree: str) -> str:
    """All of it, with the BGP password, if there is one, masked for those who only consume it."""
    masked, conditions = "d.body", []
    for path in PASSWORDS[kind]:
        there = f"coalesce(d.body #>> '{path}', '') <> ''"
        conditions.append(there)
        masked = f"case when {there} then jsonb_set({masked}, '{path}', '\"{MASK}\"') else {masked} end"
    there, masked = f"({' or '.join(conditions)})", f"({masked})::text"
    return f"case when d.managing_account = any({tree}) then d.wire when {there} then {masked} else d.wire end"


def _only(members: frozenset[str]) -> str:
    return f"(select jsonb_object_agg(key, value) from jsonb_each(d.body) where key = any({_array(members)}))::text"


def _without(members: frozenset[str]) -> str:
    return f"(d.body - {_array(members)})::text"


def _array(members: frozenset[str]) -> str:
    return f"'{{{','.join(sorted(members))}}}'::text[]"
