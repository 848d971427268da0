"""The tags of a config on its connection: picked, claimed, kept, and refused with what is free instead."""

from collections.abc import Sequence

from peerhall.contract.validation import Body
from peerhall.exchange.allocation import list_free_tags
from peerhall.exchange.claims import Holder, VlanClaim, vlan_claim
from peerhall.exchange.lifecycle import Network
from peerhall.exchange.ordering.attachments import fill_in_tag, keep_tag, tag_member
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import refuse_member, refuse_unable
from peerhall.orderdesk.order import Order
from peerhall.store import claims

_EVERY = range(4096)


def take(order: Order, config: Record, connection: Record | None, own: Sequence[VlanClaim] = ()) -> Record:
    """The config with its tags claimed, a tag picked where it left that to us. The connection is locked already.

    `own` is what it holds from before. Tags that overlap with that, but are not the same, take its place at once.
    """
    wanted = config.body.get("vlan_config")
    if connection is None or wanted is None:
        return config
    account = config.consuming_account or ""
    besides = "" if own else config.id
    held, cooling = claims.list_outer_tags(order.connection, connection.serial, account, order.now, besides)
    complete, picked = fill_in_tag(wanted, held, cooling)
    if complete is None:
        refuse_unable(
            "There is no free VLAN on the connection. A network service config with vlan_type port takes all of them; "
            "if there is one, give it a tag first."
        )
    member = tag_member(complete)
    if member is not None and not picked and complete[member] in cooling:
        refuse_member(
            f"vlan_config.{member}", f"VLAN {complete[member]} was in use until recently; {_free(complete, held)}"
        )
    claim = vlan_claim(connection.serial, complete)
    if any(claim != each and claim.overlaps(each) for each in own):
        order.release(config, ["vlan"])
        own = ()
    if claim not in own:
        for holder in order.take([claim], config).values():
            _refuse_held(order, complete, holder, held)
    return config.with_body(vlan_config=complete).with_meta(vlan_selected=True if picked else None)


def move(order: Order, before: Record, after: Record, connection: Record | None) -> Record:
    """The changed config with its new tags claimed; those before stay its own until the network has followed."""
    own = claims.list_tags_of(order.connection, before.id)
    if not Network.of(before).present:
        order.release(before, ["vlan"])
        own = []
    return take(order, after, connection, own)


def let_go(order: Order, config: Record) -> None:
    """Gives back tags from before a change, now that the network has taken it."""
    wanted, named = config.body.get("vlan_config"), config.body.get("connection")
    kept = vlan_claim(order.get("connections", named).serial, wanted) if wanted and named else None
    for claim in claims.list_tags_of(order.connection, config.id):
        if claim != kept:
            claims.release_tag(order.connection, claim, config.id, order.now, order.rules.cooldown)


def keep(before: Record, after: Record) -> Record:
    """The changed config, with the tag picked earlier where it says null again."""
    wanted = after.body.get("vlan_config")
    if wanted is None:
        return after
    return after.with_body(vlan_config=keep_tag(wanted, before.body.get("vlan_config")))


def _refuse_held(order: Order, vlan_config: Body, holder: Holder | None, held: list[tuple[range, range]]) -> None:
    member = tag_member(vlan_config)
    taken = "At least one VLAN" if member is None else f"VLAN {vlan_config[member]}"
    if vlan_config["vlan_type"] == "qinq":
        taken += f" with inner VLAN {vlan_config['inner_vlan']}"
    by = ""
    if holder is not None and order.caller.acts_for(holder.account):
        by = f" by the network service config {holder.document}"
    name = f"vlan_config.{member}" if member else "vlan_config.vlan_type"
    refuse_member(name, f"{taken} is in use on this connection{by}; {_free(vlan_config, held)}")


def _free(vlan_config: Body, held: list[tuple[range, range]]) -> str:
    inner = vlan_config.get("inner_vlan")
    free = list_free_tags(held, range(inner, inner + 1) if inner is not None else _EVERY)
    if not free:
        return "no VLAN is free"
    if vlan_config["vlan_type"] == "port":
        return f"use dot1q; free are, for instance, {', '.join(map(str, free))}"
    return f"free are, for instance, {', '.join(map(str, free))}"
