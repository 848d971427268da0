"""A connection comes to life: by a cross-connect that the exchange orders, and by one that the member orders."""

from tests.scenarios.walk_throughs.walk import Somebody, TurnedWalk, Walk, tags

LETTER = b"%PDF-1.4\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"


def free_ports(who: Somebody, device: str) -> int:
    [ports] = [each for each in who.get(f"/devices/{device}")["capabilities"] if each["speed"] == 10000]
    return int(ports["availability"])


def test_the_exchange_orders_the_cross_connects(walk: Walk) -> None:
    member = walk.member
    free = {each["id"]: free_ports(member, each["id"]) for each in member.get("/devices?capability_speed=10000")}

    # Two ports; the member says where in its racks they end, and the exchange waits to be allowed to connect them.
    line = member.order_connection(
        mode="lag_lacp",
        port_quantity=2,
        product_offering=member.offering("10G port in Northport with cross-connect"),
        subscriber_side_demarcs=["Rack 7, panel 2, port 5", "Rack 7, panel 2, port 6"],
    )
    at = f"/connections/{line['id']}"
    assert (line["state"], tags(line), line["ports"]) == ("requested", {"loa_required"}, [])
    first, second = (f"/port-reservations/{each}" for each in line["port_reservations"])
    for path, demarc in ((first, "Rack 7, panel 2, port 5"), (second, "Rack 7, panel 2, port 6")):
        reservation = member.get(path)
        assert (reservation["state"], reservation["port"]) == ("requested", None)
        assert (reservation["subscriber_side_demarc"], reservation["exchange_side_demarc"]) == (demarc, None)
        [wanted] = reservation["status"]
        assert (wanted["tag"], wanted["attrs"]["upload_url"]) == ("loa_required", f"{path}/loa")
    member.get(f"{at}/loa", 404)

    # With a letter for one of them the connection begins.
    assert member.upload(f"{first}/loa", LETTER, "rack 7 port 5.pdf") == {}
    walk.reach(member, first)
    begun = walk.reach(member, at)
    connected = member.get(first)
    port = member.get(f"/ports/{connected['port']}")
    assert port["operational_state"] == "up"
    assert connected["exchange_side_demarc"].endswith(f" / {port['name']}")
    assert (member.get(second)["state"], tags(member.get(second))) == ("requested", {"loa_required"})
    assert begun["ports"] == [connected["port"]]

    # A letter for the connection covers the rest of it.
    member.upload(f"{at}/loa", LETTER, "all of rack 7.pdf")
    walk.reach(member, second)
    assert len(member.get(at)["ports"]) == 2
    assert (member.get(at)["speed"], tags(member.get(at))) == (20000, set())

    # Everybody can read again what was allowed, and nobody else can.
    kept = member.download(f"{first}/loa")
    assert (kept.content, kept.headers["content-type"]) == (LETTER, "application/pdf")
    assert "rack 7 port 5.pdf" in kept.headers["content-disposition"]
    assert "all of rack 7.pdf" in member.download(f"{second}/loa").headers["content-disposition"]
    walk.reseller.get(f"{at}/loa", 404)
    assert free_ports(member, port["device"]) == free[port["device"]] - 2


def test_the_member_orders_the_cross_connect(walk: Walk) -> None:
    member = walk.member

    # Its port is set aside at once, and the exchange writes the letter that the building wants to see.
    walk.hold_network()
    line = member.order_connection(product_offering=member.offering("10G port in Northport"))
    [reserved] = line["port_reservations"]
    at, path = f"/connections/{line['id']}", f"/port-reservations/{reserved}"
    reservation = member.get(path)
    assert (reservation["state"], reservation["subscriber_side_demarc"]) == ("allocated", None)
    [port] = line["ports"]
    assert (reservation["port"], member.get(f"/ports/{port}")["name"]) == (
        port,
        reservation["exchange_side_demarc"].split(" / ")[-1],
    )
    [waiting] = reservation["status"]
    assert (waiting["tag"], waiting["attrs"]) == (
        "awaiting_cross_connect",
        {"exchange_side_demarc": reservation["exchange_side_demarc"], "expires": "2031-04-01"},
    )
    for letter in (member.download(f"{path}/loa"), member.download(f"{at}/loa")):
        assert letter.headers["content-type"] == "application/pdf"
        assert (letter.content[:5], letter.content.rstrip()[-5:]) == (b"%PDF-", b"%%EOF")
    assert "download it" in member.request("POST", f"{path}/loa", content=LETTER).text

    # The building has connected it, and the member says what it is called there.
    told = {"cross_connect_id": "XC-31-0017", "connecting_party": "Imaginary Remote Hands"}
    member.patch(path, told)
    walk.hold_network(False)
    there = walk.reach(member, path)
    assert {name: there[name] for name in told} == told
    assert there["exchange_side_demarc"] == reservation["exchange_side_demarc"]
    assert walk.reach(member, at)["current_billing_start_date"] == "2031-01-01"
    assert member.get(f"/ports/{port}")["operational_state"] == "up"


def test_a_letter_that_has_run_out_is_followed_by_another(turned: TurnedWalk) -> None:
    member = turned.member
    # Whatever it is, the cross-connect does not get done.
    turned.control("POST", "/faults", {"kind": "refused"}, 201)
    line = member.order_connection(product_offering=member.offering("10G port in Northport"))
    path = f"/port-reservations/{line['port_reservations'][0]}"

    def last_day() -> str:
        [waiting] = [each for each in member.get(path)["status"] if each["tag"] == "awaiting_cross_connect"]
        return str(waiting["attrs"]["expires"])

    assert last_day() == "2031-04-01"
    turned.wait_for_day("2031-04-01")
    assert last_day() == "2031-04-01"
    turned.wait_for_day("2031-04-02")
    assert last_day() == "2031-07-01"
    assert member.download(f"{path}/loa").content.startswith(b"%PDF-")
    turned.control("POST", f"/orders/{line['id']}/retries", {}, 202)
    assert turned.reach(member, f"/connections/{line['id']}")["current_billing_start_date"] == "2031-04-02"
