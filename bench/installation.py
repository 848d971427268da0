"""Everything that runs during a measurement: PostgreSQL, the three servers beside it, and the load."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg.conninfo import make_conninfo

from bench import exchange
from bench.bare import Answer, write_answers
from bench.exchange import Exchange
from bench.measuring import Arm, Target
from bench.scenarios import BASE_PATH, Request, Scenario
from bench.servers import Load, ServerFailed, loading, read_line, running, serving
from peerhall.store import credentials
from peerhall.store.database import connect
from peerhall.store.embedded import EmbeddedPostgres
from peerhall.store.schema import migrate


@dataclass(frozen=True, slots=True)
class Installation:
    """What is measured, and what measures it."""

    targets: Mapping[Arm, Target]
    load: Load


@contextmanager
def installed(
    directory: Path, drawn: Exchange, scenarios: Sequence[Scenario], tell: Callable[[str], None]
) -> Iterator[Installation]:
    """Starts it all, telling how far it is, and ends it all afterwards.

    Raises ServerFailed when a server does not start, or does not answer as the others.
    """
    log, answers_file = directory / "log", directory / "answers"
    with ExitStack() as stack:
        tell("Starting PostgreSQL, which syncs to disk as in production")
        postgres = EmbeddedPostgres(directory)
        dsn = postgres.start()
        stack.callback(postgres.stop)
        tell(f"Storing {len(drawn.records):,} objects in it, for Peerhall and for Django")
        django_database = {"BENCH_DATABASE": _create_database(dsn, "django")}
        with running("bench.django_site", "seed", log=log, environment=django_database) as seeding:
            key, secret = _fill(dsn, drawn)
            django_token = read_line(seeding, log).strip()
        _bring_to_rest(dsn)
        tell("Starting the servers and comparing their answers")
        http = stack.enter_context(httpx.Client(timeout=60))
        peerhall = _log_in(http, stack.enter_context(serving("bench.ours", dsn, log=log)), key, secret)
        answers = _fetch_all(http, peerhall, scenarios)
        write_answers(answers_file, answers)
        bare = Target(stack.enter_context(serving("bench.bare", str(answers_file), log=log)), peerhall.token)
        django_port = stack.enter_context(serving("bench.django_site", "serve", log=log, environment=django_database))
        django = Target(django_port, django_token)
        for scenario in scenarios:
            request = scenario.requests[0]
            answer = answers[request.method, request.path]
            _refuse_difference("the bare server", request, _fetch(http, bare, request), answer)
            _refuse_difference("Django", request, _content(_fetch(http, django, request)), _content(answer))
        yield Installation({"peerhall": peerhall, "bare": bare, "django": django}, stack.enter_context(loading(log)))


def _create_database(dsn: str, name: str) -> str:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"create database {name}".encode())
    return make_conninfo(dsn, dbname=name)


def _bring_to_rest(dsn: str) -> None:
    """Writes out what was stored: half a minute on, the machine would do so in the midst of somebody's round."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("checkpoint")
    os.sync()


def _fill(dsn: str, drawn: Exchange) -> tuple[str, str]:
    """Stores the exchange; returns key and secret of the member."""
    with connect(dsn) as connection:
        migrate(connection)
        exchange.write(connection, drawn)
        return credentials.create_key(connection, drawn.member, datetime.now(UTC))


def _log_in(http: httpx.Client, port: int, key: str, secret: str) -> Target:
    body = {"api_key": key, "api_secret": secret}
    answer = http.post(f"http://127.0.0.1:{port}{BASE_PATH}/auth/token", json=body)
    if answer.status_code != 201:
        raise ServerFailed(f"Peerhall let nobody in: {answer.text}")
    return Target(port, answer.json()["access_token"])


def _fetch_all(http: httpx.Client, target: Target, scenarios: Sequence[Scenario]) -> dict[tuple[str, str], Answer]:
    """The answer to the first request of each method and path."""
    answers: dict[tuple[str, str], Answer] = {}
    for scenario in scenarios:
        for request in scenario.requests:
            if (request.method, request.path) not in answers:
                answers[request.method, request.path] = _fetch(http, target, request)
    return answers


def _fetch(http: httpx.Client, target: Target, request: Request) -> Answer:
    """An answer without its date, which the server adds by itself."""
    headers = {"Authorization": f"Bearer {target.token}", "Accept": "application/json", "Accept-Encoding": "identity"}
    if request.body:
        headers["Content-Type"] = "application/json"
    url = f"http://127.0.0.1:{target.port}{request.path}"
    answer = http.request(request.method, url, content=request.body, headers=headers, timeout=60)
    kept = [(name.lower(), value) for name, value in answer.headers.raw if name.lower() != b"date"]
    return Answer(answer.status_code, kept, answer.content)


def _content(answer: Answer) -> Any:
    """What an answer says, whichever way it is written; a new object's id is its own."""
    if answer.status not in (200, 201):
        return answer.body.decode(errors="replace")
    value = json.loads(answer.body)
    return {**value, "id": None} if answer.status == 201 else value


def _refuse_difference(whose: str, request: Request, found: Any, expected: Any) -> None:
    if found != expected:
        raise ServerFailed(f"{request.method} {request.path}: {whose} answers differently: {str(found)[:1000]}")
