from peerhall.exchange.records import Record


def test_a_record_is_evolved_never_changed() -> None:
    record = Record("a", "macs", {"address": "x"}, {"origin": "import"})
    assert record.with_body(address="y").body == {"address": "y"}
    assert record.with_meta(origin=None, phase="live").meta == {"phase": "live"}
    assert record.without("address").body == {}
    assert (record.body, record.meta) == ({"address": "x"}, {"origin": "import"})


def test_owners_are_the_documents_or_else_those_we_know_beside_it() -> None:
    assert Record("a", "macs", {"managing_account": "member"}, {"managing_account": "x"}).managing_account == "member"
    reservation = Record("a", "port-reservations", {}, {"managing_account": "member", "consuming_account": "customer"})
    assert (reservation.managing_account, reservation.consuming_account) == ("member", "customer")
    assert Record("a", "roles", {}).managing_account is None
