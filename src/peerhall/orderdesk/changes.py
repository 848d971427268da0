"""What a body asks for, and what a PUT or PATCH really changes once all that is not up to the client is put aside."""

from functools import cache
from typing import Any

from peerhall.contract import schemas
from peerhall.contract.marks import READ_ONLY
from peerhall.contract.operations import Operation
from peerhall.contract.validation import Body, Fault, InvalidBody, check_body, check_changes
from peerhall.exchange.records import Record
from peerhall.exchange.refusals import Refused, invalid


def read_body(operation: Operation, body: Any) -> Body:
    """The body of an operation as the standard describes it. Refuses what the schema refuses."""
    assert operation.body is not None
    try:
        return check_body(operation.body, body)
    except InvalidBody as error:
        raise Refused(invalid(*error.faults)) from None


def read_changes(operation: Operation, record: Record, body: Any) -> Body:
    """The members whose value the body changes. Absent members stay as they are (PATCH) or take their default (PUT).

    Members the exchange owns are ignored. Refuses what the schema refuses, another `type`, and a changed value of a
    member that is frozen once ordered (one that the request had and the update has not).
    """
    assert operation.body is not None
    variant = record.type if record.type in schemas.get_variants(operation.body) else ""
    try:
        if operation.partial:
            wanted = check_changes(operation.body, variant, body)
        else:
            if variant and isinstance(body, dict) and body.get("type") != variant:
                raise InvalidBody([Fault("type", f"must be {variant}, the type of the object")])
            wanted = check_body(operation.body, body)
    except InvalidBody as error:
        raise Refused(invalid(*error.faults)) from None
    frozen = [
        Fault(name, "cannot be changed once ordered")
        for name in sorted(_frozen(operation.body, variant))
        if name in body and _without_ids(body[name]) != _without_ids(record.body.get(name))
    ]
    if frozen:
        raise Refused(invalid(*frozen))
    return {name: value for name, value in wanted.items() if name not in record.body or value != record.body[name]}


def _without_ids(value: Any) -> Any:
    """A list as a client may have put it together itself, without the ids that we give its entries."""
    if not isinstance(value, list):
        return value
    return [{name: each[name] for name in each if name != "id"} if isinstance(each, dict) else each for each in value]


@cache
def _frozen(update: str, variant: str) -> frozenset[str]:
    """Members that the kind's request lets a client set and its update does not."""
    request = update.removesuffix("Update").removesuffix("Request") + "Request"
    before, after = (
        schemas.get_variants(name).get(variant) or schemas.get_variants(name)[""] for name in (request, update)
    )
    asked = {name for name, field in before.model_fields.items() if READ_ONLY not in field.metadata}
    return frozenset(asked - after.model_fields.keys() - {"type"})
