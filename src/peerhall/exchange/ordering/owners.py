"""Who may be named as managing, consuming and billing account."""

from collections.abc import Mapping

from peerhall.exchange.lifecycle import CLOSED_STATES, USABLE_STATES
from peerhall.exchange.records import Body, Record
from peerhall.exchange.refusals import Faults, refuse_denied
from peerhall.exchange.visibility import Caller

NOT_YOURS = "is not an account you act for"


def fill_in_owners(caller: Caller, body: Body, *members: str) -> Body:
    """The body with accounts that were left out set to the caller's own; an operator's key has none to set."""
    return {**{member: caller.account for member in members if caller.account}, **body}


def check_owners(faults: Faults, caller: Caller, body: Body, *members: str) -> None:
    """Whether the caller may speak for the accounts it names.

    Refuses at once, with no word on whether it exists, a managing account that is another's.
    """
    for member in members:
        account = body.get(member)
        if account is None:
            faults.add(member, "is required, as this key belongs to no account")
        elif not caller.acts_for(account):
            if member == "managing_account":
                refuse_denied(f"managing_account: {account} {NOT_YOURS}.")
            faults.add(member, NOT_YOURS)


def check_open(faults: Faults, member: str, state: str | None) -> None:
    """Whether the account that a member names, which is in this state, is there, and not closed."""
    if state is None:
        faults.add(member, "there is no such account")
    elif state in CLOSED_STATES:
        faults.add(member, f"is {state}")


def check_standing(faults: Faults, body: Body, accounts: Mapping[str, Record]) -> None:
    """Whether the consuming account may order at all, and the billing account be billed."""
    consumer = accounts.get(body.get("consuming_account") or "")
    if consumer is not None and consumer.state not in USABLE_STATES | CLOSED_STATES:
        missing = " ".join(entry["message"] for entry in consumer.body.get("status", []))
        faults.add("consuming_account", f"is {consumer.state} and cannot use services yet. {missing}".strip())
    payer = accounts.get(body.get("billing_account") or "")
    if payer is not None and not payer.body.get("billing_information"):
        faults.add("billing_account", "has no billing_information; add it to the account first")
