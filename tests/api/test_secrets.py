"""What is secret stands nowhere: not in the database, not in the log, not in an answer to anybody else."""

import json
import logging
from typing import Any

import jwt
import psycopg
import pytest

from peerhall.daemon.logs import JsonLines
from peerhall.store import credentials
from tests.installation import Caller, Site

SESSION_PASSWORD = "a-session-password"


@pytest.fixture
def used(site: Site, caplog: pytest.LogCaptureFixture) -> tuple[Site, list[str], list[str]]:
    """An installation after a day's use, the secrets that went in and out, and all it logged."""
    caplog.set_level(logging.DEBUG)
    key, secret = site.key("member")
    pair = site.http.post("/auth/token", json={"api_key": key, "api_secret": secret}).json()
    form = {"grant_type": "client_credentials", "client_id": key, "client_secret": secret}
    by_oauth2 = site.http.post(site.origin + "/oauth2/token", data=form).json()["access_token"]
    renewed = site.http.post("/auth/refresh", json={"refresh_token": pair["refresh_token"]}).json()
    _misuse(site, key, secret, pair)
    member = Caller(site.http, renewed["access_token"])
    _order(site, member)
    tokens = [*pair.values(), *renewed.values(), by_oauth2]
    sessions = [jwt.decode(token, options={"verify_signature": False})["sid"] for token in tokens]
    formatter = JsonLines()
    lines = [formatter.format(record) for record in caplog.records if not record.name.startswith("http")]
    assert any("/auth/token" in line for line in lines)
    return site, [secret, *(token.rpartition(".")[2] for token in tokens), *sessions], lines


def _misuse(site: Site, key: str, secret: str, pair: dict[str, str]) -> None:
    """Secrets where they do not belong: in paths, queries, headers, bodies that are refused."""
    http = site.http
    http.post("/auth/token", json={"api_key": secret, "api_secret": key})
    http.post("/auth/token", json={"api_key": [secret], "api_secret": secret})
    http.post("/auth/token", content=json.dumps({"api_secret": secret})[:-1])
    http.post("/auth/refresh", json={"refresh_token": pair["access_token"]})
    http.get("/connections", headers={"Authorization": f"Bearer {pair['refresh_token']}"})
    http.get(f"/connections?access_token={pair['access_token']}")
    bearer = {"Authorization": f"Bearer {pair['access_token']}"}
    http.post("/contacts", json={"api_secret": secret, "name": 1}, headers=bearer)
    http.post("/contacts", json={"api_secret": secret, "token": pair["access_token"], "name": "x"}, headers=bearer)
    http.post("/contacts", json={}, headers={**bearer, "X-Request-Id": secret * 3})


def _order(site: Site, member: Caller) -> None:
    connection = member.order_connection()
    site.reconcile()
    config = member.order_peering(connection["id"], macs=[member.order_mac()["id"]])
    options = {"headers": {"Idempotency-Key": "once"}}
    session = member.order_session(config["id"], config["ips"][0], password=SESSION_PASSWORD)
    assert session["password"] == SESSION_PASSWORD, "who ordered it may read it again"
    member.order_session(config["id"], config["ips"][1], password=SESSION_PASSWORD * 3, asn=1, status=400)
    member.post("/contacts", {"name": "x"}, **options)
    site.reconcile()


def test_secrets_and_tokens_are_not_stored(used: tuple[Site, list[str], list[str]]) -> None:
    site, secrets, _ = used
    stored = dump(site.dsn)
    assert "member" in stored["api_key"]
    for table, text in stored.items():
        for secret in secrets:
            assert secret[:24] not in text, table
            assert secret[:24].encode().hex() not in text, table


def test_secrets_and_tokens_are_not_logged(used: tuple[Site, list[str], list[str]]) -> None:
    _, secrets, lines = used
    for secret in [*secrets, SESSION_PASSWORD]:
        assert [line for line in lines if secret[:24] in line] == []


def test_passwords_of_sessions_stay_out_of_the_journal(used: tuple[Site, list[str], list[str]]) -> None:
    site, _, _ = used
    assert "network_feature_configs_create" in dump(site.dsn)["journal"]
    assert SESSION_PASSWORD not in dump(site.dsn)["journal"]


def test_a_password_under_a_mistyped_name_stays_out_of_the_journal(site: Site) -> None:
    mistyped = {"bgp_passwrd": SESSION_PASSWORD, "BGP_Password": SESSION_PASSWORD, "bgpPassword": SESSION_PASSWORD}
    body = {"type": "cloud_vc", "l3_config": mistyped, "cloud_config": [mistyped]}
    site.login("member").post("/network-service-configs", body, 400)
    journal = dump(site.dsn)["journal"]
    assert "bgp_passwrd" in journal
    assert SESSION_PASSWORD not in journal


def test_a_stolen_database_gives_nobody_a_login(used: tuple[Site, list[str], list[str]]) -> None:
    """With the signing key one can sign, but the sessions are only kept as digests."""
    site, _, _ = used
    [signing_key] = credentials.list_signing_keys(site.connection)
    row: Any = site.connection.execute("select encode(digest, 'hex') from session").fetchone()
    now = int(site.clock().timestamp())
    for sid in (row[0], bytes.fromhex(row[0]).decode("latin-1")):
        for operator in (False, True):
            claims = {"typ": "access", "iat": now, "exp": now + 60, "sid": sid, "sub": "member", "op": operator}
            token = jwt.encode(claims, signing_key.secret, headers={"kid": signing_key.id})
            Caller(site.http, token).get("/account", 401)


def test_a_member_cannot_make_itself_the_operator(site: Site) -> None:
    """Not even by a token that says so and is signed rightly: the key, not the token, says whose it is."""
    [signing_key] = credentials.list_signing_keys(site.connection)
    claims = jwt.decode(site.login("member").token, options={"verify_signature": False})
    token = jwt.encode({**claims, "op": True}, signing_key.secret, headers={"kid": signing_key.id})
    caller = Caller(site.http, token)
    caller.get("/accounts", 401)
    assert caller.post("/contacts", {"name": "x"})["managing_account"] == "member"


def dump(dsn: str) -> dict[str, str]:
    """All there is in the database, by table."""
    with psycopg.connect(dsn) as connection:
        tables = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'public'"
        ).fetchall()
        texts = {}
        for (table,) in tables:
            statement = f"select coalesce(string_agg(t::text, chr(10)), '') from \"{table}\" t"
            row = connection.execute(statement).fetchone()  # type: ignore[arg-type]
            assert row is not None
            texts[table] = str(row[0])
        return texts


def test_bgp_passwords_are_shown_to_those_who_manage_the_config(staged: Site) -> None:
    l3_config = json.dumps({"bgp_password": SESSION_PASSWORD, "bfd": True})
    staged.connection.execute(
        "update document set body = body || jsonb_build_object('l3_config', %s::jsonb) where id = 'config'",
        (l3_config,),
    )
    for account, shown in (("dealer", True), ("reseller", True), (None, True), ("user", False)):
        caller = staged.login(account)
        for answer in (
            caller.get("/network-service-configs/config"),
            *caller.get("/network-service-configs?id=config"),
        ):
            expected = SESSION_PASSWORD if shown else "********"
            assert answer["l3_config"] == {"bgp_password": expected, "bfd": True}
        for answer in (
            caller.get("/network-feature-configs/session"),
            *caller.get("/network-feature-configs?id=session"),
        ):
            assert answer["password"] == ("session-password" if shown else "********")
