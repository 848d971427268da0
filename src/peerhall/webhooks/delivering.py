"""Delivers events: takes the webhooks that are due, sends to many at once and to each one after the other, for ever.

Nothing is decided by memory alone: a webhook is leased, the request is made with no transaction open, and what came of
it is written down in another. Killed anywhere, the event is sent again by whoever comes next.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from pydantic_core import to_json

from peerhall import __version__
from peerhall.contract.vocabulary import write_instant
from peerhall.exchange.webhooks import Outcome, sign
from peerhall.store import changes, deliveries, webhooks
from peerhall.store.database import DatabaseUnavailable, OrderPool, SyncConnection
from peerhall.store.deliveries import Job
from peerhall.store.holders import is_alive, name_holder
from peerhall.store.reading import LoginEnded
from peerhall.store.sealing import CannotOpen, Sealer
from peerhall.store.webhooks import Webhook
from peerhall.webhooks.sending import Sender

logger = logging.getLogger("peerhall.webhooks")

LEASE: Final = timedelta(seconds=60)
"""Longer than any attempt takes; leases of workers that died on this machine are not waited for."""

AT_ONCE: Final = 16
"""Receivers that are sent to at the same time."""
_OF_ONE_ACCOUNT: Final = 2
"""How many receivers of one account may keep us busy at the same time, so that the slow ones of one delay no other."""
_LOOK_SECONDS: Final = 0.5

Clock = Callable[[], datetime]


class Deliverer:
    """One worker; several may run at once, on one machine or many."""

    def __init__(
        self, pool: OrderPool, sealer: Sealer, sender: Sender, clock: Clock, stamp: Clock, at_once: int = AT_ONCE
    ) -> None:
        """`clock` tells when something is due, `stamp` what time it is for receivers."""
        self._pool = pool
        self._sealer = sealer
        self._sender = sender
        self._clock = clock
        self._stamp = stamp
        self._at_once = at_once
        self._holder = name_holder()
        self._busy: dict[str, str | None] = {}
        """Webhooks that are being sent to, with their accounts."""
        self._lock = threading.Lock()
        self._news = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Delivers until told to stop; returns once all that is under way has ended."""
        taken_over = False
        with ThreadPoolExecutor(self._at_once, "webhook") as senders:
            while not stop.is_set():
                try:
                    if not taken_over:
                        self.take_over()
                        taken_over = True
                    for webhook in self._take(self._at_once - len(self._busy)):
                        senders.submit(self._deliver, webhook)
                except DatabaseUnavailable as error:
                    logger.warning("waiting for the database", extra={"reason": str(error)})
                except Exception:
                    logger.exception("webhooks cannot be looked at")
                self._news.wait(_LOOK_SECONDS)
                self._news.clear()

    def take_over(self) -> None:
        """Ends the leases of workers that died on this machine; to be called before the first work."""
        self._pool.run(lambda connection: webhooks.release_dead(connection, self._holder, is_alive))

    def work_once(self) -> bool:
        """Does one attempt that is due; False when there is none."""
        for webhook in self._take(1):
            self._deliver(webhook)
            return True
        return False

    def _take(self, most: int) -> list[Webhook]:
        """Leases up to so many webhooks that are due."""
        if most <= 0 or not self._pool.run(webhooks.is_needed):
            return []
        if self._pool.run(changes.has_unplaced):
            self._pool.run(changes.give_places)
        now = self._clock()
        with self._lock:
            taken = self._pool.run(
                lambda connection: webhooks.lease_due(
                    connection, self._holder, now, now + LEASE, lambda due: self._choose(due, most)
                )
            )
            self._busy.update({each.id: each.account for each in taken})
        return taken

    def _choose(self, due: list[tuple[str, str | None]], most: int) -> list[str]:
        """Those that nobody of us is at, and whose account does not keep enough of us busy already."""
        share = Counter(self._busy.values())
        chosen: list[str] = []
        for webhook, account in due:
            if len(chosen) < most and webhook not in self._busy and share[account] < _OF_ONE_ACCOUNT:
                share[account] += 1
                chosen.append(webhook)
        return chosen

    def _deliver(self, webhook: Webhook) -> None:
        try:
            self._attempt(webhook)
        except DatabaseUnavailable as error:
            logger.warning("what came of a delivery is not written down", extra={"reason": str(error)})
        except Exception:
            # The lease is left to run out, which keeps what fails in us from failing without a pause.
            logger.exception("a delivery failed", extra={"webhook": webhook.id})
        finally:
            with self._lock:
                self._busy.pop(webhook.id, None)
            self._news.set()

    def _attempt(self, webhook: Webhook) -> None:
        now = self._clock()
        try:
            job = self._pool.run(lambda connection: deliveries.find_job(connection, webhook, now))
            if job is None:
                self._pool.run(lambda connection: webhooks.release(connection, webhook.id, self._holder))
                return
            outcome = self._send(webhook, job)
        except LoginEnded:
            self._pool.run(lambda connection: deliveries.pause(connection, webhook, self._holder, "key_ended"))
            return
        if not outcome.delivered:
            logger.info("not delivered", extra={"webhook": webhook.id, "event": job.event, "reason": outcome.error})
        self._pool.run(lambda connection: self._record(connection, webhook, job, outcome))

    def _send(self, webhook: Webhook, job: Job) -> Outcome:
        """One request. An event that is not to be seen any more is not sent, nor one that cannot be signed."""
        body = self._test_body(webhook, job) if job.cause == "test" else job.text
        if body is None:
            return Outcome(error="is not for the account to see any more")
        stamp = self._stamp()
        try:
            secrets = [self._sealer.open(webhook.secret)]
        except CannotOpen:
            # More likely somebody gave us other keys than everybody else has: it is not the owner who has to act.
            logger.warning("the secret of a webhook cannot be read with our keys", extra={"webhook": webhook.id})
            return Outcome(error="the exchange could not sign it")
        if webhook.previous_secret and webhook.previous_until and self._clock() < webhook.previous_until:
            with suppress(CannotOpen):
                secrets.append(self._sealer.open(webhook.previous_secret))
        timestamp = int(stamp.timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"Peerhall/{__version__}",
            "Webhook-Id": job.event,
            "Webhook-Timestamp": str(timestamp),
            "Webhook-Signature": sign(secrets, job.event, timestamp, body),
        }
        return self._sender.post(webhook.url, headers, body)

    def _test_body(self, webhook: Webhook, job: Job) -> bytes:
        return to_json({"id": job.event, "test": True, "subscription": webhook.id, "at": write_instant(self._clock())})

    def _record(self, connection: SyncConnection, webhook: Webhook, job: Job, outcome: Outcome) -> None:
        deliveries.record(connection, webhook, self._holder, job, outcome, self._clock())
