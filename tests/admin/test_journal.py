"""A deleted contact's personal data can be taken out of the journal; that there was one stays."""

from tests.api.test_secrets import dump
from tests.commands import Operator
from tests.installation import Site

PERSON = {"name": "Sam Example", "email": "sam@example.net", "telephone": "+353209122000"}


def test_a_contact_can_be_erased(site: Site) -> None:
    member, operator = site.login("member"), Operator(site.dsn)
    kept = member.post("/contacts", {"name": "Peering desk"})
    contact = member.post("/contacts", PERSON, headers={"Idempotency-Key": "once"})["id"]
    member.patch(f"/contacts/{contact}", {"external_ref": "ref-7", "email": "sam.example@example.net"}, 200)
    operator.run("journal", "erase-contact", contact, code=1)
    member.delete(f"/contacts/{contact}", 200)
    assert "Sam Example" in dump(site.dsn)["journal"]
    assert "2 lines" in operator.run("journal", "erase-contact", contact).output
    for table, text in dump(site.dsn).items():
        for value in (*PERSON.values(), "sam.example@example.net"):
            assert value not in text, table
    assert "ref-7" in dump(site.dsn)["journal"]
    assert kept["name"] in dump(site.dsn)["journal"]
    assert "0 lines" in operator.run("journal", "erase-contact", contact).output


def test_a_contact_that_never_was_is_not_taken_for_erased(site: Site) -> None:
    member, operator = site.login("member"), Operator(site.dsn)
    connection = member.order_connection()["id"]
    for mistyped in ("nobody", connection):
        answer = operator.run("journal", "erase-contact", mistyped, code=1)
        assert "knows no contact" in answer.output
    assert "journal_erase_contact" not in dump(site.dsn)["journal"]


def test_of_a_refused_contact_nothing_personal_is_kept(site: Site) -> None:
    site.login("member").post("/contacts", {**PERSON, "consuming_account": "rival"}, 400)
    text = dump(site.dsn)["journal"]
    assert "contacts_create" in text
    assert [value for value in PERSON.values() if value in text] == []
