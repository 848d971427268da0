"""What `make bench-orders` finds at rest: it would be of no use if it overlooked anything."""

import pytest
from bench.orders.checking import Line, find_faults
from bench.orders.ledger import Sent

DOCUMENTS = {"a": "macs", "b": "connections"}
JOURNAL = [Line("1", "accepted", "a"), Line("3", "refused", None), Line("4", "accepted", "b")]


def orders() -> list[Sent]:
    """A MAC address, a connection that was refused at first and whose answer was lost, and a refused one."""
    return [
        Sent("MAC address", "/macs", ["1"], 201, "a"),
        Sent("connection", "/connections", ["2", "3", "4", "5"], 201, "b"),
        Sent("connection", "/connections", ["6"], 400, refused="no port"),
    ]


def test_what_was_told_and_is_so_is_no_fault() -> None:
    assert find_faults(orders(), JOURNAL, DOCUMENTS) == []
    removed = Sent("MAC address removed", "/macs/a", ["7"], 200, "a")
    journal = [*JOURNAL, Line("7", "accepted", "a")]
    assert find_faults([*orders(), removed], journal, {"b": "connections"}, {"a"}) == []


@pytest.mark.parametrize(
    ("journal", "documents", "fault"),
    [
        (JOURNAL, {"a": "macs"}, "connections b was accepted and is not there (lost)"),
        (JOURNAL[1:], DOCUMENTS, "MAC address a (1) was accepted and is not in the journal (lost)"),
        (
            [*JOURNAL, Line("5", "accepted", "b")],
            DOCUMENTS,
            "connection b (2, 3, 4, 5) was carried out 2 times (double)",
        ),
        (JOURNAL, {**DOCUMENTS, "c": "macs"}, "macs c is there and nobody was told of it (double)"),
        ([*JOURNAL, Line("6", "accepted", "b")], DOCUMENTS, "connection  (6) was refused and carried out all the same"),
        ([*JOURNAL, Line("9", "accepted", "b")], DOCUMENTS, "the journal has 9, which nobody sent"),
        ([Line("1", "accepted", "x"), *JOURNAL[1:]], DOCUMENTS, "MAC address a (1) is in the journal as x"),
    ],
)
def test_whatever_is_lost_or_double_is_found(journal: list[Line], documents: dict[str, str], fault: str) -> None:
    assert find_faults(orders(), journal, documents) == [fault]


def test_two_orders_with_one_answer_and_one_without_any_are_found() -> None:
    twice = Sent("MAC address", "/macs", ["8"], 201, "a")
    assert find_faults([*orders(), twice], [*JOURNAL, Line("8", "accepted", "a")], DOCUMENTS) == [
        "macs a was the answer to two orders"
    ]
    assert find_faults([*orders(), Sent("MAC address", "/macs", ["8"])], JOURNAL, DOCUMENTS) == [
        "MAC address  (8) was never answered"
    ]
