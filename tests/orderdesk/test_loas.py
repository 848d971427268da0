"""Letters of authorisation over HTTP: the subscriber's, which is uploaded and waited for, and the exchange's own."""

import socket
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import to_json
from pypdf import PdfReader

from peerhall.api.resources.loas import read_file_name, write_disposition
from peerhall.store.backup import restore_backup, write_backup
from peerhall.store.database import connect
from tests.api.test_raw_http import dial, receive, split
from tests.installation import Caller, Site
from tests.waiting import wait_until

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(17) + b"\x00\x00\x00\x00IEND\xaeB`\x82"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(9) + b"\xff\xd9"
TEXT = "We let you connect cage 7. Größe: 10G\n".encode()
MOST = 10 * 1024 * 1024
UPLOADED = {"port_quantity": 2, "mode": "lag_lacp", "subscriber_side_demarcs": ["A.1", "A.2"]}


def demand_loa(site: Site, demand: bool = True) -> None:
    """What `loa_required` in the exchange file comes to."""
    site.connection.execute(
        "update document set meta = meta || %s::jsonb where id = 'port-10g-exchange'",
        (to_json({"loa_required": demand}).decode(),),
    )


def order(member: Caller, **members: Any) -> Any:
    """A connection for which the exchange orders the cross-connect."""
    body = {"product_offering": "port-10g-exchange", "subscriber_side_demarcs": ["A.1"], **members}
    return member.order_connection(**body)


def upload(caller: Caller, path: str, content: bytes = PDF, status: int = 200, **headers: str) -> Any:
    named = {name.replace("_", "-"): value.encode() for name, value in headers.items()}
    answer = caller.request("POST", f"{path}/loa", content=content, headers=named)
    assert answer.status_code == status, answer.text
    return answer.json()


def download(caller: Caller, path: str) -> Any:
    answer = caller.request("GET", f"{path}/loa")
    assert answer.status_code == 200, answer.text
    return answer


def read_pdf(content: bytes) -> str:
    """Its text with every run of blanks as one."""
    return " ".join("".join(page.extract_text() + "\n" for page in PdfReader(BytesIO(content)).pages).split())


def tags(body: Any) -> list[str]:
    return [entry["tag"] for entry in body["status"]]


def reservations(caller: Caller, connection: Any) -> list[Any]:
    return list(caller.get(f"/port-reservations?connection={connection['id']}"))


def test_no_port_is_given_before_the_letter_is_there(site: Site) -> None:
    demand_loa(site)
    member = site.login("member")
    created = order(member, **UPLOADED)
    path = f"/connections/{created['id']}"
    [entry] = created["status"]
    assert (created["state"], entry["tag"], entry["severity"]) == ("requested", "loa_required", 5)
    assert entry["attrs"] == {"upload_url": f"{path}/loa"}
    for each in reservations(member, created):
        assert (each["state"], each["port"], tags(each)) == ("requested", None, ["loa_required"])
        assert each["status"][0]["attrs"] == {"upload_url": f"/port-reservations/{each['id']}/loa"}
    site.reconcile()
    assert member.get(path)["state"] == "requested"
    assert upload(member, entry["attrs"]["upload_url"].removesuffix("/loa")) == {}
    assert tags(member.get(path)) == []
    assert [tags(each) for each in reservations(member, created)] == [["awaiting_cross_connect"]] * 2
    while site.reconciler.work_once():
        pass
    for each in reservations(member, created):
        assert (each["state"], tags(each)) == ("allocated", ["awaiting_cross_connect"])
        assert each["port"]
        assert "expires" not in each["status"][0]["attrs"], "the letter is not the exchange's"
    site.reconcile()
    assert member.get(path)["state"] == "production"


def test_a_letter_for_one_port_is_for_that_one_only(site: Site) -> None:
    demand_loa(site)
    member = site.login("member")
    created = order(member, **UPLOADED)
    first, second = (f"/port-reservations/{each['id']}" for each in reservations(member, created))
    upload(member, first)
    assert tags(member.get(f"/connections/{created['id']}")) == []
    site.reconcile()
    assert [member.get(path)["state"] for path in (first, second)] == ["production", "requested"]
    assert tags(member.get(second)) == ["loa_required"]
    assert member.get(f"/connections/{created['id']}")["state"] == "production"
    assert member.request("GET", f"{second}/loa").status_code == 404
    assert "port reservations" in member.get(f"/connections/{created['id']}/loa", 404)["detail"]
    upload(member, second)
    assert member.get(second)["state"] == "allocated", "its connection has begun, so nothing else is waited for"
    assert tags(member.get(second)) == ["awaiting_cross_connect"]
    site.reconcile()
    assert member.get(second)["state"] == "production"
    assert len(member.get(f"/connections/{created['id']}")["ports"]) == 2


def test_a_letter_for_the_connection_is_for_each_of_its_ports(site: Site) -> None:
    member = site.login("member")
    created = order(member, **UPLOADED)
    connection, reservation = f"/connections/{created['id']}", f"/port-reservations/{created['port_reservations'][0]}"
    upload(member, connection, TEXT)
    assert download(member, reservation).content == TEXT
    upload(member, reservation, PNG)
    assert download(member, reservation).content == PNG
    assert download(member, connection).content == TEXT


def test_an_exchange_that_demands_no_letter_takes_one_all_the_same(site: Site) -> None:
    member = site.login("member")
    created = order(member)
    assert tags(created) == []
    upload(member, f"/connections/{created['id']}")
    site.reconcile()
    assert member.get(f"/connections/{created['id']}")["state"] == "production"


def test_who_withdraws_the_demand_lets_go_what_waited_for_it(site: Site) -> None:
    demand_loa(site)
    member = site.login("member")
    created = order(member)
    site.reconcile()
    demand_loa(site, False)
    site.retry(created["id"])
    site.reconcile()
    assert member.get(f"/connections/{created['id']}")["state"] == "production"


def test_missing_roles_and_a_missing_letter_are_told_together(site: Site) -> None:
    demand_loa(site)
    site.connection.execute(
        "update document set body = body || '{\"required_contact_roles\": [\"noc\"]}' where id = 'port-10g-exchange'"
    )
    member = site.login("member")
    created = order(member)
    assert tags(created) == ["contact_role_required", "loa_required"]
    upload(member, f"/connections/{created['id']}")
    site.reconcile()
    assert tags(member.get(f"/connections/{created['id']}")) == ["contact_role_required"]
    [reservation] = reservations(member, created)
    assert (reservation["state"], reservation["port"]) == ("requested", None)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PDF, "application/pdf"),
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (TEXT, "text/plain; charset=utf-8"),
        (b"\xef\xbb\xbf" + TEXT, "text/plain; charset=utf-8"),
        (PDF.ljust(MOST - 8) + b"\n%%EOF\n\n", "application/pdf"),
    ],
)
@pytest.mark.parametrize("declared", [None, "application/octet-stream", "application/x-www-form-urlencoded", "x"])
def test_a_letter_comes_back_as_what_it_is(house: Site, content: bytes, media_type: str, declared: str | None) -> None:
    member = house.login("member")
    path = f"/connections/{connection_for_uploads(house, member)}"
    upload(member, path, content, **({"Content_Type": declared} if declared else {}))
    answer = download(member, path)
    assert (answer.content, answer.headers["content-type"]) == (content, media_type)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("attachment; ")


_made: dict[str, str] = {}


def connection_for_uploads(site: Site, member: Caller) -> str:
    """One for all who only care for files."""
    if site.dsn not in _made:
        _made[site.dsn] = order(member)["id"]
    return _made[site.dsn]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "empty"),
        (b" \r\n\t ", "empty"),
        (b"MZ\x90\x00\x03", "a program"),
        (b"\x7fELF\x02\x01\x01\x00", "a program"),
        (b"#!/bin/sh\nrm -rf /\n", "a script"),
        (b"PK\x03\x04\x14\x00\x06\x00", "ZIP"),
        (b"<!doctype html><script>alert(1)</script>", "HTML"),
        (b"\xef\xbb\xbf \n<svg xmlns='http://www.w3.org/2000/svg'/>", "HTML or XML"),
        ("We let you.".encode("utf-16"), "UTF-16"),
        ("We let you.".encode("utf-16-be"), "recognised"),
        ("Größe".encode("latin-1"), "recognised"),
        (b"We let\x00 you", "recognised"),
        (b"\x1b]0;you\x07", "recognised"),
        (b"GIF89a", "GIF"),
        (b"{\\rtf1 We let you}", "word processor"),
        (b"%!PS-Adobe", "PostScript"),
        (b'{"loa": "We let you."}', "JSON"),
        (b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\nWe let you.\r\n--x--', "form"),
        (PDF[:-8], "end of this application/pdf is missing"),
        (PNG[:-4], "end of this image/png is missing"),
        (JPEG[:-2], "end of this image/jpeg is missing"),
        (b"\x89PNG\r\n\x1a\n", "recognised"),
        (b"\n" + PDF + b"\xff", "recognised"),
    ],
)
def test_what_is_no_letter_is_refused_with_the_way_out(house: Site, content: bytes, named: str) -> None:
    member = house.login("member")
    path = f"/connections/{connection_for_uploads(house, member)}"
    upload(member, path, TEXT)
    problem = upload(member, path, content, 400)
    assert problem["type"].endswith("/validation-error.html")
    assert named in problem["detail"]
    assert "PDF" in problem["detail"] or "whole file" in problem["detail"]
    assert problem["properties"] == [{"name": "", "reason": problem["detail"]}]
    assert download(member, path).content == TEXT, "the one that was there is still there"


@pytest.mark.parametrize("declared", ["application/json", "application/json;", "multipart/form-data; boundary=x"])
def test_a_letter_that_is_wrapped_into_something_else_is_refused(house: Site, declared: str) -> None:
    member = house.login("member")
    path = f"/connections/{connection_for_uploads(house, member)}"
    problem = upload(member, path, PDF, 415, Content_Type=declared)
    assert "the document itself" in problem["detail"]


@pytest.mark.parametrize("size", [MOST + 1, 11_000_000])
def test_more_than_ten_mebibytes_are_refused(house: Site, size: int) -> None:
    member = house.login("member")
    path = f"/connections/{connection_for_uploads(house, member)}"
    upload(member, path, TEXT)
    problem = upload(member, path, PDF.ljust(size), 413)
    assert (problem["status"], str(MOST) in problem["detail"]) == (413, True)
    assert download(member, path).content == TEXT, "the one that was there is still there"


def begin(site: Site, path: str, token: str | None) -> socket.socket:
    """An upload as long as one may be, by a client that asks whether it may go on."""
    line = dial(site)
    login = f"Authorization: Bearer {token}\r\n" if token else ""
    head = f"POST /api/v2{path}/loa HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{login}Content-Length: {MOST}\r\n"
    line.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
    return line


def test_one_account_does_not_upload_more_than_two_letters_at_a_time(house: Site) -> None:
    member, rival = house.login("member"), house.login("rival")
    paths = [f"/connections/{connection_for_uploads(house, member)}", f"/connections/{order(rival)['id']}"]

    def send(caller: Caller, path: str) -> Any:
        return caller.request("POST", f"{path}/loa", content=PDF)

    with begin(house, paths[0], member.token) as first, begin(house, paths[0], member.token) as second:
        for line in (first, second):
            assert line.recv(1000).startswith(b"HTTP/1.1 100 ")
        refused = send(member, paths[0])
        assert (refused.json()["status"], refused.headers["Retry-After"]) == (503, "5")
        assert send(rival, paths[1]).status_code == 200
        first.sendall(PDF.ljust(MOST - len(PDF)) + PDF)
        [(status, _, _)] = split(receive(first))
        assert status == 200
        assert send(member, paths[0]).status_code == 200
        with begin(house, paths[0], member.token) as third:
            assert third.recv(1000).startswith(b"HTTP/1.1 100 ")
    wait_until(lambda: send(member, paths[0]).status_code == 200)


def test_who_is_not_logged_in_is_refused_before_the_letter_is_there(house: Site) -> None:
    path = f"/connections/{connection_for_uploads(house, house.login('member'))}"
    with begin(house, path, None) as line:
        [(status, _, problem)] = split(receive(line))
    assert (status, problem["status"]) == (401, 401)


def test_only_a_letter_may_be_that_long(house: Site) -> None:
    member = house.login("member")
    answer = member.request("POST", "/macs", content=b" " * 300_000, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="LOA cage 7.pdf"', "LOA cage 7.pdf"),
        ("attachment; filename=loa.PDF", "loa.PDF"),
        ("attachment; filename*=UTF-8''Zusage%20Gr%C3%B6%C3%9Fe.pdf", "Zusage Größe.pdf"),
        ('attachment; filename="Größe.pdf"', "Größe.pdf"),
        ('attachment; filename="../../etc/passwd"', "passwd.pdf"),
        ('attachment; filename="C:\\\\temp\\\\loa.exe"', "loa.exe.pdf"),
        ("attachment; filename*=UTF-8''a%0D%0ASet-Cookie:%20b.pdf", "aSet-Cookie b.pdf"),
        ("attachment; filename*=UTF-8''%E2%80%AEfdp.exe", "fdp.exe.pdf"),
        ("attachment; filename*=klingon''x%FF", None),
        ("attachment; filename*0*=x; filename*zz=1", None),
        ('attachment; filename=""', None),
        ('attachment; filename="..."', None),
        ("attachment", None),
        (";;=;\"'", None),
        (f'attachment; filename="{"x" * 5000}.pdf"', "x" * 96 + ".pdf"),
    ],
)
def test_a_file_name_is_kept_as_far_as_it_is_safe(house: Site, disposition: str, name: str | None) -> None:
    member = house.login("member")
    created = connection_for_uploads(house, member)
    path = f"/connections/{created}"
    upload(member, path, PDF, Content_Disposition=disposition)
    answer = download(member, path)
    given = answer.headers["content-disposition"]
    if name is not None:
        assert given == write_disposition(name)
        assert read_file_name(given) == name
    else:
        assert (read_file_name(given) or "").endswith(".pdf")
    assert answer.headers.get("set-cookie") is None


def test_where_the_subscriber_orders_the_cross_connect_the_exchange_writes_the_letter(site: Site) -> None:
    members = {
        "legal_name": "Example Exchange e.V.",
        "address": {**site.stored("member")["address"], "locality": "Kerry"},
    }
    site.connection.execute(
        "update document set body = body || %s::jsonb where id = 'exchange'", (to_json(members).decode(),)
    )
    member = site.login("member")
    party = "Καλώδια & Кабель <мы> 北京电缆 케이블 \u05d0"
    created = member.order_connection(mode="lag_lacp", port_quantity=2, connecting_party=party)
    path = f"/connections/{created['id']}"
    answer = download(member, path)
    assert answer.headers["content-type"] == "application/pdf"
    assert f"LOA-{created['id'][:8]}-20260901.pdf" in answer.headers["content-disposition"]
    assert download(member, path).content == answer.content, "the same letter is the same file"
    text = read_pdf(answer.content)
    both = reservations(member, created)
    named = ["Example Exchange e.V.", "Kerry", "Member", "Cork One", "Example Datacentres", "ORK1", "sw1.ork1"]
    named += ["2026-09-01", "2026-11-30", created["id"], created["name"], "10GBASE-LR", "Port 2 of 2"]
    named += [party.replace("\u05d0", "\ufffd")]
    for each in both:
        port = member.get(f"/ports/{each['port']}")
        named += [each["id"], port["id"], port["name"], each["exchange_side_demarc"]]
    packed = text.replace(" ", "")
    assert [each for each in named if each.replace(" ", "") not in packed] == []
    one = read_pdf(download(member, f"/port-reservations/{both[0]['id']}").content).replace(" ", "")
    assert both[0]["id"] in one
    assert both[1]["id"] not in one
    metadata = PdfReader(BytesIO(answer.content)).metadata
    assert metadata is not None
    assert metadata.author == "Example Exchange e.V."


def test_a_letter_tells_what_became_known_since(site: Site) -> None:
    member = site.login("member")
    created = member.order_connection()
    path = f"/port-reservations/{created['port_reservations'][0]}"
    member.patch(path, {"connecting_party": "<b>Splicers & Sons", "cross_connect_id": "XC-4711 " + "x" * 4000})
    text = read_pdf(download(member, path).content)
    assert "<b>Splicers & Sons" in text
    assert "XC-4711" in text


def test_a_letter_is_good_for_as_long_as_the_house_says(site: Site) -> None:
    site.connection.execute("update setting set value = value || '{\"loa_valid_days\": 10}' where name = 'exchange'")
    created = site.login("member").order_connection()
    [reservation] = created["port_reservations"]
    path = f"/port-reservations/{reservation}"

    def expiry() -> str:
        member = site.login("member")
        while site.reconciler.work_once():
            pass
        [entry] = member.get(path)["status"]
        assert entry["tag"] == "awaiting_cross_connect"
        assert entry["attrs"]["expires"] in read_pdf(download(member, path).content)
        return str(entry["attrs"]["expires"])

    assert expiry() == "2026-09-11"
    site.clock.turn(days=10)
    assert expiry() == "2026-09-11"
    site.clock.turn(days=1)
    assert expiry() == "2026-09-22", "the port is still reserved, so another letter is good"
    dated = "select subject, due_at::date::text from work where due_at > %s + interval '1 hour'"
    now = site.clock()
    assert site.connection.execute(dated, (now,)).fetchall() == [(f"document:{reservation}", "2026-09-23")]
    site.reconcile()
    assert site.connection.execute(dated, (now,)).fetchall() == [], "in production, no day is waited for"


def test_there_is_no_letter_for_what_is_on_its_way_out(site: Site) -> None:
    member = site.login("member")
    created = member.order_connection()
    path = f"/connections/{created['id']}"
    site.reconcile()
    download(member, path)
    member.delete(path)
    assert "on its way out" in member.get(f"{path}/loa", 404)["detail"]
    uploaded = order(member)
    upload(member, f"/connections/{uploaded['id']}")
    member.delete(f"/connections/{uploaded['id']}")
    assert "cancelled" in upload(member, f"/connections/{uploaded['id']}", PDF, 400)["detail"]
    assert download(member, f"/connections/{uploaded['id']}").content == PDF, "it is kept with its object"


def test_nobody_writes_the_exchanges_letter_for_it(site: Site) -> None:
    member = site.login("member")
    created = member.order_connection()
    for path in (f"/connections/{created['id']}", f"/port-reservations/{created['port_reservations'][0]}"):
        assert "download it" in upload(member, path, PDF, 400)["detail"]


def test_there_is_nothing_where_nothing_is(house: Site) -> None:
    member, rival = house.login("member"), house.login("rival")
    created = order(member)
    path = f"/connections/{created['id']}"
    assert member.get(f"{path}/loa", 404)["type"].endswith("/not-found.html")
    for subject in (
        path,
        f"/port-reservations/{created['port_reservations'][0]}",
        "/connections/nothing",
        "/connections/%00",
    ):
        rival.get(f"{subject}/loa", 404)
        upload(rival, subject, PDF, 404)


def test_any_accept_header_gets_the_document(house: Site) -> None:
    member = house.login("member")
    path = f"/connections/{connection_for_uploads(house, member)}"
    upload(member, path, PDF)
    answer = member.request("GET", f"{path}/loa", headers={"Accept": "application/pdf"})
    assert (answer.status_code, answer.content) == (200, PDF)


def test_the_journal_tells_of_a_letter_but_not_what_is_in_it(site: Site) -> None:
    member = site.login("member")
    created = order(member)
    upload(member, f"/connections/{created['id']}", TEXT, Content_Disposition='attachment; filename="a.txt"')
    row = site.connection.execute(
        "select outcome, document, detail -> 'body' from journal where operation = 'connections_loa_upload'"
    ).fetchone()
    assert row is not None
    assert row[:2] == ("accepted", created["id"])
    assert {name: row[2][name] for name in ("file_name", "octets")} == {"file_name": "a.txt", "octets": len(TEXT)}
    upload(member, f"/connections/{created['id']}", b"MZ" + b"secret" * 99, 400)
    whole = site.connection.execute("select string_agg(detail::text, '') from journal").fetchone()
    assert whole is not None
    assert "secret" not in whole[0]
    assert "cage 7" not in whole[0]


def test_an_upload_can_be_repeated_under_its_key(site: Site) -> None:
    member = site.login("member")
    path = f"/connections/{order(member)['id']}"
    assert upload(member, path, TEXT, Idempotency_Key="one") == upload(member, path, TEXT, Idempotency_Key="one")
    upload(member, path, PDF, 409, Idempotency_Key="one")
    assert download(member, path).content == TEXT


def test_letters_are_in_backups(site: Site, tmp_path: Path, make_database: Any) -> None:
    member = site.login("member")
    path = f"/connections/{order(member)['id']}"
    content = bytes(range(256)) * 200
    upload(member, path, PNG[:-12] + content + PNG[-12:])
    write_backup(site.connection, tmp_path / "backup.zip", site.clock(), lambda *_: None)
    with connect(make_database("")) as restored:
        restore_backup(restored, tmp_path / "backup.zip", lambda *_: None)
        statement = "select * from loa"
        assert restored.execute(statement).fetchall() == site.connection.execute(statement).fetchall() != []
