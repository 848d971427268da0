"""The sandbox, started like anybody would start it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import missing
from tests.waiting import wait_until

PEERHALL = (sys.executable, "-c", "from peerhall.admin.command import main; main()")
SECONDS = 60


@dataclass
class Demo:
    """A running demo: what its ready-file says, and what it printed."""

    process: subprocess.Popen[bytes]
    ready: dict[str, Any]
    output: Path
    clients: ExitStack

    def login(self, name: str) -> httpx.Client:
        login = next(each for each in self.ready["logins"] if each["name"] == name)
        credentials = {key: login[key] for key in ("api_key", "api_secret")}
        answer = httpx.post(self.ready["url"] + "/auth/token", json=credentials)
        assert answer.status_code == 201
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        return self.clients.enter_context(httpx.Client(base_url=self.ready["url"], headers=headers))

    def account(self, name: str) -> str:
        return next(str(each["account"]) for each in self.ready["logins"] if each["name"] == name)

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SECONDS)


@contextmanager
def running(directory: Path, *words: str) -> Iterator[Demo]:
    ready, output = directory / "ready.json", directory / "output"
    command = [*PEERHALL, "demo", "--port", "0", "--speed", "1000", "--ready-file", str(ready), *words]
    with (
        output.open("wb") as file,
        subprocess.Popen(command, stdout=file, stderr=file) as process,
        ExitStack() as clients,
    ):
        try:
            wait_until(lambda: ready.exists() or process.poll() is not None, SECONDS)
            assert process.poll() is None, output.read_text()
            yield Demo(process, json.loads(ready.read_text()), output, clients)
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


def listed(client: httpx.Client, path: str) -> list[dict[str, Any]]:
    answer = client.get(path)
    assert answer.status_code == 200
    return list(answer.json())


def test_the_exchange_is_of_believable_size(demo: Demo) -> None:
    member = demo.login("member")
    sizes = {
        path: len(listed(member, path))
        for path in ("/metro-areas", "/facilities", "/devices", "/network-services?type=exchange_lan")
    }
    assert sizes == {
        "/metro-areas": 2,
        "/facilities": 5,
        "/devices": 8,
        "/network-services?type=exchange_lan": 2,
    }
    servers = listed(member, "/network-features?type=route_server")
    assert [each["required"] for each in servers] == [False] * 4
    offerings = listed(member, "/product-offerings")
    assert {each["type"] for each in offerings} == {
        *("connection", "exchange_lan", "p2p_vc", "p2mp_vc", "mp2mp_vc", "cloud_vc", "routing_function")
    }
    terms = {
        each.get("contract_initial_period") for each in offerings if each["type"] in ("connection", "exchange_lan")
    }
    assert terms == {None}


def test_the_first_command_works_when_it_is_pasted(demo: Demo) -> None:
    if shutil.which("curl") is None:
        missing("curl (apt-get install curl)")
    lines = demo.output.read_text().splitlines()
    first = next(number for number, line in enumerate(lines) if "token=$(" in line)
    pasted = subprocess.run(["bash", "-c", "\n".join(lines[first : first + 4])], capture_output=True, check=True)
    assert [each["state"] for each in json.loads(pasted.stdout)] == ["production"]


def test_the_ready_file_says_all_a_client_needs(demo: Demo) -> None:
    assert set(demo.ready) == {"url", "oauth2_token_url", "logins"}
    assert [each["name"] for each in demo.ready["logins"]] == ["reseller", "member", "newcomer"]
    login = demo.ready["logins"][0]
    answer = httpx.post(
        demo.ready["oauth2_token_url"],
        auth=(login["api_key"], login["api_secret"]),
        data={"grant_type": "client_credentials"},
    )
    assert answer.status_code == 200
    text = demo.output.read_text()
    assert all(each[member] in text for each in demo.ready["logins"] for member in ("account", "api_key", "api_secret"))


def test_the_member_peers_already_and_has_room_for_more(demo: Demo) -> None:
    member = demo.login("member")
    account = member.get("/account").json()
    assert (account["id"], account["state"]) == (demo.account("member"), "production")
    assert account["billing_information"]
    [connection] = listed(member, "/connections")
    [config] = listed(member, "/network-service-configs")
    service = member.get(f"/network-services/{config['network_service']}").json()
    assert connection["metro_area_network"] == service["metro_area_network"]
    assert config["vlan_config"]["vlan_type"] == "dot1q"
    assert len(config["ips"]) == 2
    sessions = listed(member, f"/network-feature-configs?network_service_config={config['id']}")
    assert {each["state"] for each in [connection, config, *sessions]} == {"production"}

    mac = member.post(
        "/macs",
        json={
            "managing_account": account["id"],
            "consuming_account": account["id"],
            "address": "02:00:5e:00:53:99",
        },
    ).json()
    order = {
        **dict.fromkeys(("managing_account", "consuming_account", "billing_account"), account["id"]),
        "type": "exchange_lan",
        "network_service": config["network_service"],
        "product_offering": config["product_offering"],
        "connection": connection["id"],
        "vlan_config": {"vlan_type": "dot1q", "vlan": 300},
        "asns": [65000],
        "macs": [mac["id"]],
    }
    answer = member.post("/network-service-configs", json=order)
    assert answer.status_code == 201, answer.text
    ordered = f"/network-service-configs/{answer.json()['id']}"
    wait_until(lambda: member.get(ordered).json()["state"] == "production", SECONDS)

    letter = member.get(f"/connections/{connection['id']}/loa")
    assert (letter.headers["content-type"], letter.content[:5]) == ("application/pdf", b"%PDF-")
    offering = next(
        each
        for each in listed(member, "/product-offerings?type=connection")
        if each["cross_connect_initiator"] == "exchange"
    )
    order = {
        **dict.fromkeys(("managing_account", "consuming_account", "billing_account"), account["id"]),
        "product_offering": offering["id"],
        "mode": "standalone",
        "port_quantity": 1,
        "role_assignments": [],
        "subscriber_side_demarcs": ["Cage 7, panel 2, ports 5 and 6"],
    }
    waiting = member.post("/connections", json=order).json()
    [missing] = waiting["status"]
    assert missing["tag"] == "loa_required"
    assert member.post(missing["attrs"]["upload_url"], content=b"Connect us to cage 7.").json() == {}
    wait_until(lambda: member.get(f"/connections/{waiting['id']}").json()["state"] == "production", SECONDS)


def test_the_reseller_has_customers_and_the_newcomer_has_still_to_be_admitted(demo: Demo) -> None:
    reseller, newcomer = demo.login("reseller"), demo.login("newcomer")
    customers = listed(reseller, f"/accounts?managing_account={demo.account('reseller')}")
    assert len(customers) == 3
    assert {each["consuming_account"] for each in listed(reseller, "/network-service-configs")} == {
        each["id"] for each in customers
    }
    assert newcomer.get("/account").json()["state"] == "requested"
    assert listed(newcomer, "/connections") == []


def test_what_is_to_be_kept_is_kept_and_the_rest_is_cleared_away(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(tmp_path, "--data", str(data)) as first:
        accounts = first.ready["logins"]
        assert first.end() == 0
    assert not (tmp_path / "ready.json").exists()
    with running(tmp_path, "--data", str(data)) as second:
        assert second.ready["logins"] == accounts
        assert len(listed(second.login("member"), "/connections")) == 1
        assert second.end() == 0
    assert not (data / "postgres" / "postmaster.pid").exists()


def test_a_throwaway_demo_leaves_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as demo:
        [line] = [line for line in demo.output.read_text().splitlines() if "thrown away" in line]
        directory = Path(line.split()[1])
        assert directory.exists()
        assert demo.end() == 0
    assert not directory.exists()
    assert "Traceback" not in demo.output.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_demo_ended_while_it_is_prepared_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    command = [*PEERHALL, "demo", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stderr is not None
        assert "Starting" in process.stderr.readline()
        process.send_signal(number)
        try:
            _, said = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
        assert process.returncode == 1
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.invalid"])
def test_nobody_else_may_reach_it(host: str) -> None:
    refused = subprocess.run([*PEERHALL, "demo", "--host", host], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "--host" in refused.stderr


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--port", "65536"),
        ("--port", "-1"),
        ("--speed", "0"),
        ("--speed", "nan"),
        ("--speed", "1e-300"),
        ("--log-level", "loud"),
        ("--ready-file", "/nowhere/at/all.json"),
    ],
)
def test_an_option_that_cannot_be_used_is_named_before_anything_is_started(option: str, value: str) -> None:
    refused = subprocess.run([*PEERHALL, "demo", option, value], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert option in refused.stderr
    assert "Starting" not in refused.stderr


def test_a_taken_port_is_told_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = subprocess.run([*PEERHALL, "demo", "--port", port], capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert f"port {port}" in refused.stderr
    assert "Preparing" not in refused.stderr


def test_another_exchange_is_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "mine"
    exchange = Path(__file__).parents[1] / "data" / "exchange.yaml"
    subprocess.run([*PEERHALL, "apply", str(exchange), "--data", str(data), "--yes"], check=True, capture_output=True)
    refused = subprocess.run(
        [*PEERHALL, "demo", "--port", "0", "--data", str(data)], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    assert "holds another exchange" in refused.stderr
    assert "Traceback" not in refused.stderr
