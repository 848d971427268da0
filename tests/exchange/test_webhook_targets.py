"""Which URLs are taken for webhooks, and which addresses a connection is never made to."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peerhall.exchange.webhook_targets import Reach, parse_target

PUBLIC = Reach()
SANDBOX = Reach(loopback=True)

_REFUSED = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 100.100.100.200 127.0.0.1 127.255.255.255
168.63.129.16 169.254.0.1 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192 192.0.2.1
192.88.99.1 192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255
240.0.0.1 255.255.255.255
:: ::1 ::2 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1
64:ff9b::7f00:1 64:ff9b::a00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 64:ff9b:1::808:808 100::1
2001::1 2001:0:7f00:1:: 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1:: 2002:a00:1::1 2002:808:808::1
3fff::1 4000::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%1 2606:4700::1%1 ::ffff:8.8.8.8%1 fec0::1 ff02::1 ff0e::1
"""
_ALLOWED = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 168.63.129.15 172.15.255.255
172.32.0.0 192.0.1.0 192.0.3.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255
2001:200::1 2001:4860:4860::8888 2606:4700:4700::1111 2a00::1 64:ff9b::808:808 ::ffff:8.8.8.8
"""


@pytest.mark.parametrize("address", _REFUSED.split())
def test_special_addresses_are_refused(address: str) -> None:
    assert not PUBLIC.allows(address)


@pytest.mark.parametrize("address", _ALLOWED.split())
def test_public_addresses_are_allowed(address: str) -> None:
    assert PUBLIC.allows(address)
    assert not SANDBOX.allows(address)


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_nothing_is_allowed_that_the_registries_do_not_call_global(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if PUBLIC.allows(str(address)):
        inside = getattr(address, "ipv4_mapped", None)
        if address in ipaddress.ip_network("64:ff9b::/96"):
            inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        assert (inside or address).is_global
        assert not (inside or address).is_multicast
    assert SANDBOX.allows(str(address)) == (str(address) in ("127.0.0.1", "::1"))


@given(st.ip_addresses(v=4))
def test_an_address_inside_another_is_judged_by_itself(address: ipaddress.IPv4Address) -> None:
    assert PUBLIC.allows(f"::ffff:{address}") == PUBLIC.allows(f"64:ff9b::{address}") == PUBLIC.allows(str(address))
    assert not PUBLIC.allows(str(ipaddress.IPv6Address((0x2002 << 112) | (int(address) << 80)))), "6to4"


def test_networks_of_the_exchanges_own_are_refused_too() -> None:
    ours = Reach(refused=(ipaddress.ip_network("8.8.8.0/24"), ipaddress.ip_network("2606:4700::/32")))
    for address in ("8.8.8.8", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2606:4700::1"):
        assert not ours.allows(address)
    assert ours.allows("8.8.4.4")


def test_in_the_sandbox_there_is_only_this_machine() -> None:
    for address in ("127.0.0.1", "::1"):
        assert SANDBOX.allows(address)
    for address in (
        "0.0.0.0",
        "127.0.0.2",
        "::",
        "::1%lo",
        "::ffff:127.0.0.1",
        "10.0.0.1",
        "1.1.1.1",
        "2606:4700::1",
        "x",
        "",
    ):
        assert not SANDBOX.allows(address)


@pytest.mark.parametrize(
    ("url", "authority", "path"),
    [
        ("https://hooks.example.net", "hooks.example.net", "/"),
        ("https://hooks.example.net/a/b?c=d&e", "hooks.example.net", "/a/b?c=d&e"),
        ("https://HOOKS.Example.NET:443/A", "hooks.example.net", "/A"),
        ("HTTPS://hooks.example.net:8443/", "hooks.example.net:8443", "/"),
        ("https://hooks.example.net./", "hooks.example.net", "/"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", "/"),
        ("https://1.1.1.1/", "1.1.1.1", "/"),
        ("https://[2606:4700::1]:8443/", "[2606:4700::1]:8443", "/"),
        ("https://hooks.example.net:/", "hooks.example.net", "/"),
        ("https://hooks.example.net/@//x:y", "hooks.example.net", "/@//x:y"),
    ],
)
def test_what_a_url_leads_to(url: str, authority: str, path: str) -> None:
    target = parse_target(url, PUBLIC)
    assert (target.scheme, target.authority, target.path) == ("https", authority, path)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "http://hooks.example.net/",
        "ftp://hooks.example.net/",
        "file:///etc/passwd",
        "https:hooks.example.net",
        "//hooks.example.net/",
        "https:///path",
        "https://",
        "https://user@hooks.example.net/",
        "https://user:password@hooks.example.net/",
        "https://@hooks.example.net/",
        "https://hooks.example.net#fragment",
        "https://hooks.example.net:22/",
        "https://hooks.example.net:80/",
        "https://hooks.example.net:0/",
        "https://hooks.example.net:65536/",
        "https://hooks.example.net:x/",
        "https://hooks.example.net/ x",
        " https://hooks.example.net/",
        "https://hooks.example.net/\r\nHost: other",
        "https://hooks.exa\tmple.net/",
        "https://hooks.example.net\\@10.0.0.1/",
        "https://bücher.example/",
        "https://exa%6dple.net/",
        "https://-example.net/",
        "https://example..net/",
        "https://localhost/",
        "https://a.localhost/",
        "https://intranet/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://017700000001/",
        "https://127.0.0.1./",
        "https://1.1.1.1.1/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://192.168.1.1:8443/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[fe80::1%25eth0]/",
        "https://[fd00::1]/",
        "https://[1.1.1.1]/",
        "https://[hooks.example.net]/",
        "https://[::1/",
        "https://hooks.example.net/" + "x" * 2000,
    ],
)
def test_what_is_no_url_for_a_webhook(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_target(url, PUBLIC)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/x", "https://127.0.0.1/", "http://[::1]:9000/", "http://localhost/"]
)
def test_the_sandbox_speaks_to_this_machine(url: str) -> None:
    assert parse_target(url, SANDBOX)
    with pytest.raises(ValueError, match=r"\w"):
        parse_target(url, PUBLIC)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.net/",
        "https://1.1.1.1/",
        "http://10.0.0.1/",
        "http://a.localhost/",
        "http://127.0.0.2/",
        "http://[::1%25lo]/",
        "http://127.0.0.1:22/",
    ],
)
def test_and_to_nobody_else(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_target(url, SANDBOX)


@given(st.text())
def test_whatever_is_written_is_taken_apart_or_refused(text: str) -> None:
    for prefix in ("", "https://", "https://hooks.example.net"):
        try:
            target = parse_target(prefix + text, PUBLIC)
        except ValueError:
            continue
        assert target.path.isascii()
        assert target.path.startswith("/")
        assert not set(target.path) & set(" \r\n\t")
