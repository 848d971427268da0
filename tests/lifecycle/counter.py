"""One order at the counter: sent plainly, tried out first, or sent twice; its answer and the journal are checked."""

from collections import Counter
from typing import Any

import httpx

from peerhall.contract.operations import BY_ID, Operation
from tests.lifecycle.picture import Picture
from tests.lifecycle.stage import OPERATOR, Stage

PLAIN, TRIED, TWICE = "plain", "tried out first", "sent twice"
MANNERS = (PLAIN, PLAIN, PLAIN, PLAIN, TRIED, TWICE)

_UNDO = "/api/ext/undo/v1"
_LETTER = {"Content-Type": "application/pdf", "Content-Disposition": 'attachment; filename="letter.pdf"'}

_DOCUMENTED_EVERYWHERE = {400, 401, 403, 404}
"""The standard's table of problems is short of some that its own rules ask for, such as 404 for who sees nothing."""


class Desk:
    """Sends orders, and counts how many were taken."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._serial = 0
        self.tally: Counter[tuple[str, str]] = Counter()
        self._keys = 0

    def begin(self) -> None:
        self._serial = 0
        self.check_nothing_ordered()

    def place(
        self,
        picture: Picture,
        who: str,
        operation_id: str,
        body: Any = None,
        *,
        document: str = "",
        manner: str = PLAIN,
        content: bytes | None = None,
    ) -> Any:
        """Sends an order; returns the object when it was accepted, else None."""
        operation = BY_ID[operation_id]
        options = _write_options(operation, body, content)
        path = operation.path.replace("{id}", document)
        tried = self._try_out(who, operation, path, options) if manner == TRIED else None
        if manner == TWICE and operation.method == "POST" and content is None:
            self._keys += 1
            options["headers"] = {**options.get("headers", {}), "Idempotency-Key": f"key-{self._keys}"}
        answer = self._send(who, operation.method, path, options)
        accepted = self._check(answer, operation, f"{operation.method} {path} as {who} with {body}")
        self.tally[operation_id, "accepted" if accepted else "refused"] += 1
        if content is None or answer.status_code != 404:
            # Nobody is listened to for ten megabytes about what is not theirs; such an upload is not even an order.
            self._check_journal(who, operation_id, document, answer, accepted)
        self._check_entitled(picture, who, operation, document, accepted, answer)
        if tried is not None:
            _check_tried(tried, answer)
        if accepted and "Idempotency-Key" in options.get("headers", {}):
            self._send_again(who, operation, path, options, answer)
        return answer.json() if accepted else None

    def undo(self, who: str, kind: str, document: str) -> bool:
        """Takes a cancellation back, which is an extension; returns whether that was accepted."""
        answer = self._send(who, "POST", f"{self._stage.site.origin}{_UNDO}/{kind}/{document}", {})
        accepted = answer.status_code == 200
        assert accepted or answer.status_code in _DOCUMENTED_EVERYWHERE, answer.text
        operation = f"{kind.replace('-', '_')}_cancellation_undo"
        self.tally[operation, "accepted" if accepted else "refused"] += 1
        self._check_journal(who, operation, document, answer, accepted)
        return accepted

    def check_nothing_ordered(self) -> None:
        """That since the last order nothing is in the journal but what the reconciler has moved."""
        lines = self._read_journal()
        assert all(outcome == "advanced" for *_, outcome in lines), f"nobody ordered anything, but: {lines}"

    def _send(self, who: str, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        self.check_nothing_ordered()
        return self._stage.request(who, method, path, **options)

    def _check(self, answer: httpx.Response, operation: Operation, what: str) -> bool:
        told = f"{what}: {answer.status_code} {answer.text}"
        if answer.status_code == operation.status:
            return True
        assert answer.status_code in {each.status for each in operation.errors} | _DOCUMENTED_EVERYWHERE, told
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json", told
        assert problem["status"] == answer.status_code, told
        assert isinstance(problem["detail"], str), told
        assert problem["detail"] or problem.get("properties"), told
        return False

    def _try_out(self, who: str, operation: Operation, path: str, options: dict[str, Any]) -> httpx.Response:
        """A trial, which leaves everything exactly as it was."""
        before = self._stage.photograph()
        headers = {**options.get("headers", {}), "Prefer": "dry-run"}
        answer = self._send(who, operation.method, path, {**options, "headers": headers})
        assert self._stage.photograph() == before, f"a trial of {operation.id} has changed something: {answer.text}"
        assert answer.headers.get("preference-applied") == "dry-run" or answer.status_code == 404, answer.text
        return answer

    def _send_again(
        self, who: str, operation: Operation, path: str, options: dict[str, Any], first: httpx.Response
    ) -> None:
        """The same with the same Idempotency-Key: the same answer, and nothing more."""
        before = self._stage.photograph()
        again = self._send(who, operation.method, path, options)
        assert (again.status_code, again.json()) == (first.status_code, first.json())
        assert self._stage.photograph() == before, f"{operation.id} was carried out twice"

    def _check_journal(self, who: str, operation: str, document: str, answer: httpx.Response, accepted: bool) -> None:
        """Exactly one line, which says who asked for what, and what came of it."""
        account = None if who == OPERATOR else who
        outcome = "accepted" if accepted else "refused"
        lines = self._read_journal()
        assert len(lines) == 1, f"{operation} has {len(lines)} lines in the journal: {lines}"
        if not document and accepted:
            document = answer.json()["id"]
        assert lines[0] == (account, operation, document or None, outcome)

    def _check_entitled(
        self,
        picture: Picture,
        who: str,
        operation: Operation,
        document: str,
        accepted: bool,
        answer: httpx.Response,
    ) -> None:
        """Only who manages something can change it, but for two things that others have a part in."""
        found = picture.documents.get(document)
        if found is None or who == OPERATOR:
            return
        partly = operation.id.startswith("network_service_change_request") or found.kind in ("ips", "network-services")
        if not picture.owns(who, found) and not partly and not (found.kind == "accounts" and found["discoverable"]):
            assert answer.status_code == 404, f"{who} sees nothing of {found.kind} {document}, yet: {answer.text}"
        if accepted and found.kind not in ("accounts", "ips") and not operation.id.startswith("network_service_change"):
            assert picture.manages(who, found), f"{who} does not manage {found.kind} {document}: {answer.text}"

    def _read_journal(self) -> list[tuple[Any, ...]]:
        """Account, operation, document and outcome of what is new in the journal."""
        rows = self._stage.site.connection.execute(
            "select serial, account, operation, document, outcome from journal where serial > %s order by serial",
            (self._serial,),
        ).fetchall()
        self._serial = rows[-1][0] if rows else self._serial
        return [row[1:] for row in rows]


def _write_options(operation: Operation, body: Any, content: bytes | None) -> dict[str, Any]:
    if content is not None:
        return {"content": content, "headers": dict(_LETTER)}
    return {} if body is None and operation.method == "DELETE" else {"json": body}


def _check_tried(tried: httpx.Response, carried_out: httpx.Response) -> None:
    """A trial is answered like the order itself; ids and what is picked are examples."""
    assert tried.status_code == carried_out.status_code, f"tried: {tried.text} done: {carried_out.text}"
    if tried.status_code >= 400:
        assert tried.json()["detail"] == carried_out.json()["detail"]
    else:
        assert tried.json().keys() == carried_out.json().keys()
        assert tried.json().get("state") == carried_out.json().get("state")
