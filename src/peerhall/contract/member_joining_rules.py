"""Member joining rules: who may join a group, who may not, and with how much capacity."""

from typing import Annotated, Literal

from pydantic import Field

from peerhall.contract.marks import Schema, Sensitive
from peerhall.contract.vocabulary import AccountId, EchoedId, Id, NetworkServiceId, Positive, Text128


class Rule(Schema):
    """The consuming account is the one that is let in or kept out."""

    managing_account: Sensitive[AccountId]
    consuming_account: AccountId
    external_ref: Sensitive[Text128 | None] = None


class Limits(Schema):
    """Capacities in Mbit/s: the least to join with, the most there will be."""

    capacity_min: Positive | None = None
    capacity_max: Positive | None = None


class Identified(Schema):
    """A rule that exists, on its service."""

    id: Id
    network_service: NetworkServiceId


class Placing(Schema):
    """The service a new rule is for."""

    network_service: NetworkServiceId
    id: EchoedId = None


class Unplaced(Schema):
    """A rule stays with its service."""

    id: EchoedId = None


class AllowMemberJoiningRule(Rule, Limits, Identified):
    """Lets an account in."""

    type: Literal["allow"]


class AllowMemberJoiningRuleRequest(Rule, Limits, Placing):
    """A rule to let an account in."""

    type: Literal["allow"]


class AllowMemberJoiningRuleUpdate(Rule, Limits, Unplaced):
    """All of an allow rule that can change."""

    type: Literal["allow"]


class DenyMemberJoiningRule(Rule, Identified):
    """Keeps an account out."""

    type: Literal["deny"]


class DenyMemberJoiningRuleRequest(Rule, Placing):
    """A rule to keep an account out."""

    type: Literal["deny"]


class DenyMemberJoiningRuleUpdate(Rule, Unplaced):
    """All of a deny rule that can change."""

    type: Literal["deny"]


MemberJoiningRule = Annotated[AllowMemberJoiningRule | DenyMemberJoiningRule, Field(discriminator="type")]
MemberJoiningRuleRequest = Annotated[
    AllowMemberJoiningRuleRequest | DenyMemberJoiningRuleRequest, Field(discriminator="type")
]
MemberJoiningRuleUpdate = Annotated[
    AllowMemberJoiningRuleUpdate | DenyMemberJoiningRuleUpdate, Field(discriminator="type")
]
