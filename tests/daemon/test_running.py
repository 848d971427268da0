"""The processes of production: they start, answer whatever comes, and end in good order, however they are ended."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from peerhall.store.sealing import ensure_keys

PEERHALL = (sys.executable, "-c", "from peerhall.admin.command import main; main()")


class Process:
    """A `peerhall` command that runs until it is ended, with its log."""

    def __init__(self, log: Path, *words: str) -> None:
        self._log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen([*PEERHALL, *words], stderr=output, stdout=output)

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def url(self) -> str:
        """Waits until it listens."""
        line = self.wait_for('"listening"')
        return str(json.loads(line)["url"])

    def wait_for(self, text: str) -> str:
        deadline = time.monotonic() + 30
        while True:
            for line in self.log.splitlines():
                if text in line:
                    return line
            assert self.process.poll() is None, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.02)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def run(*words: str) -> Process:
        started.append(Process(tmp_path / f"{len(started)}.log", *words))
        return started[-1]

    yield run
    for each in started:
        each.process.kill()
        each.process.wait()


def assert_gone(processes: list[str]) -> None:
    deadline = time.monotonic() + 20
    while left := [each for each in processes if Path(f"/proc/{each}").exists()]:
        assert time.monotonic() < deadline, f"processes are left: {left}"
        time.sleep(0.05)


def test_serve_and_provision_run_beside_each_other(start: Callable[..., Process], database: str) -> None:
    server = start("serve", "--database", database, "--port", "0")
    assert httpx.get(server.url + "/health").json()["status"] == "warn"
    worker = start("provision", "--database", database)
    deadline = time.monotonic() + 20
    while httpx.get(server.url + "/health").json()["status"] != "pass":
        assert time.monotonic() < deadline, "the reconciler's heart beats"
        time.sleep(0.05)
    assert (server.end(), worker.end(signal.SIGINT)) == (0, 0)


def test_the_settings_file_may_name_the_database(start: Callable[..., Process], database: str, tmp_path: Path) -> None:
    file = tmp_path / "peerhall.toml"
    file.write_text(f"database = {json.dumps(database)}")
    server = start("serve", "--settings", str(file), "--port", "0")
    assert httpx.get(server.url + "/health").json()["status"] == "warn"
    start("provision", "--settings", str(file))
    deadline = time.monotonic() + 20
    while httpx.get(server.url + "/health").json()["status"] != "pass":
        assert time.monotonic() < deadline, "both look into the same database"
        time.sleep(0.05)


def test_several_workers_share_a_port_and_end_together(start: Callable[..., Process], database: str) -> None:
    server = start("serve", "--database", database, "--port", "0", "--workers", "2")
    url = server.url
    assert {httpx.get(url + "/health").status_code for _ in range(20)} == {200}
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    assert server.end() == 0
    assert_gone(children)


def test_workers_do_not_outlive_a_killed_parent(start: Callable[..., Process], database: str) -> None:
    server = start("serve", "--database", database, "--port", "0", "--workers", "2")
    assert server.url
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    server.end(signal.SIGKILL)
    assert_gone(children)


def test_a_taken_port_is_told(start: Callable[..., Process], database: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = start("serve", "--database", database, "--port", str(port))
        assert server.process.wait(30) == 1
    assert f"Cannot listen on 127.0.0.1, port {port}" in server.log
    assert "Traceback" not in server.log


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('driver = "none"', "There is no driver 'none'. Installed are: manual, simulator."),
        ("[driver_options]\nhook = '\"open'", "hook must be a command line"),
        ("[driver_options]\nhok = 'true'", "no option 'hok', but hook"),
        ('driver = "simulator"\n[driver_options]\nspeed = "fast"', "speed must be a number"),
        ('driver = "simulator"\n[driver_options]\nspeed = nan', "speed must be a number"),
    ],
)
def test_nothing_is_served_without_the_driver_that_was_asked_for(
    start: Callable[..., Process], tmp_path: Path, settings: str, said: str
) -> None:
    file = tmp_path / "peerhall.toml"
    file.write_text(settings)
    server = start("serve", "--data", str(tmp_path / "data"), "--port", "0", "--settings", str(file))
    assert server.process.wait(30) == 1
    assert said in server.log
    assert "Traceback" not in server.log
    assert '"listening"' not in server.log


def test_what_has_a_directory_has_webhooks_with_keys_of_its_own(start: Callable[..., Process], tmp_path: Path) -> None:
    server = start("serve", "--data", str(tmp_path / "data"), "--port", "0")
    assert "webhooks" in {each["name"] for each in httpx.get(server.url + "/extensions").json()}
    assert (tmp_path / "data" / "webhook-keys").stat().st_mode & 0o777 == 0o600
    assert server.end() == 0


def test_without_keys_there_are_no_webhooks_and_the_log_says_why(start: Callable[..., Process], database: str) -> None:
    server = start("serve", "--database", database, "--port", "0")
    assert "webhooks" not in {each["name"] for each in httpx.get(server.url + "/extensions").json()}
    worker = start("provision", "--database", database)
    assert "webhook_keys" in worker.wait_for("webhooks are off")


def test_keys_that_others_can_read_are_not_used(
    start: Callable[..., Process], database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = ensure_keys(tmp_path / "keys")
    keys.chmod(0o644)
    monkeypatch.setenv("PEERHALL_WEBHOOK_KEYS", str(keys))
    for command in ("serve", "provision"):
        refused = start(command, "--database", database)
        assert refused.process.wait(30) == 1
        assert f"chmod 600 {keys}" in refused.log
        assert "Traceback" not in refused.log


def test_an_unmigrated_database_is_refused(start: Callable[..., Process], make_database: Callable[[str], str]) -> None:
    server = start("serve", "--database", make_database(""))
    assert server.process.wait(30) == 1
    assert "Run: peerhall migrate" in server.log


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\x02\x00\x01\x00", b"GET / nonsense\r\n\r\n", b"\r\n\r\n\x00\x00"])
def test_what_is_not_http_gets_a_problem_document(start: Callable[..., Process], database: str, sent: bytes) -> None:
    server = start("serve", "--database", database, "--port", "0")
    host, port = server.url.split("/")[2].split(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(sent)
        answer = b""
        while block := client.recv(4096):
            answer += block
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert json.loads(body)["status"] == 400


def test_secrets_are_not_logged(start: Callable[..., Process], database: str) -> None:
    server = start("serve", "--database", database, "--port", "0")
    secret = "s3cr3t" * 14
    httpx.post(server.url + "/auth/token", json={"api_key": "k" * 16, "api_secret": secret})
    httpx.get(server.url + f"/accounts?token={secret}", headers={"Authorization": f"Bearer {secret}"})
    assert server.end() == 0
    assert '"status":401' in server.log
    assert secret not in server.log
