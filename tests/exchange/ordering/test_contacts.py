import pytest

from peerhall.exchange.ordering.contacts import check_contact, refuse_incomplete
from peerhall.exchange.refusals import Faults, Reason, Refused

NOC = ("noc", ("telephone", "email"))


@pytest.mark.parametrize(
    ("telephone", "email", "wrong"),
    [
        ("+353209122000", "noc@example.net", []),
        ("+353 (20) 912-2000", None, []),
        ("00353209122000", "noc", ["telephone", "email"]),
        ("+1", "a b@example.net", ["telephone", "email"]),
        ("+1234567890123456", "a@b@c", ["telephone", "email"]),
        (None, "", []),
    ],
)
def test_a_contact_can_be_reached_as_it_says(telephone: str | None, email: str | None, wrong: list[str]) -> None:
    faults = Faults()
    check_contact(faults, {"telephone": telephone, "email": email})
    assert [fault.name for fault in faults.found] == wrong


def test_a_role_needs_what_it_says() -> None:
    refuse_incomplete({"telephone": "+353209122000", "email": "noc@example.net"}, [NOC])
    refuse_incomplete({"email": None}, [])
    with pytest.raises(Refused) as refused:
        refuse_incomplete({"telephone": "", "email": None}, [("legal", ()), NOC])
    assert refused.value.refusal.reason is Reason.UNFULFILLABLE
    assert refused.value.refusal.detail == "The role noc needs a contact with telephone and email."
