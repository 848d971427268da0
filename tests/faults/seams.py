"""The places where a step of an order can go wrong, and the ways in which it does.

A step is a call of the driver, or a transaction: of an order, or of the reconciler. Each passes through here, is
counted, and one of them, the chosen one, is done to in the chosen way. Connections are cut by PostgreSQL itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, LiteralString, TypeVar

from peerhall.provisioning.driver import (
    Config,
    Device,
    Driver,
    Progress,
    RefusedFault,
    Step,
    TransientFault,
)
from peerhall.store.database import DatabaseUnavailable, OrderPool, SyncConnection

T = TypeVar("T")
Seam = Literal["order", "transaction", "reading", "observe", "apply", "retire"]

WAYS: Final[Mapping[Seam, tuple[str, ...]]] = {
    "order": ("cut before commit", "cut after commit", "rolled back at commit", "delivered twice"),
    "transaction": (
        *("cut before commit", "cut after commit", "rolled back at commit"),
        *("killed before commit", "killed after commit", "overtaken"),
    ),
    # A transaction that changes nothing has no commit to speak of.
    "reading": ("cut before commit", "killed before commit", "overtaken"),
    "observe": ("transient before", "broken before", "killed before", "overtaken"),
    "apply": (
        *("transient before", "refused before", "broken before", "killed before"),
        *("transient after", "refused after", "broken after", "killed after"),
        *("delivered twice", "delivered late", "overtaken"),
    ),
    "retire": ("transient before", "broken before", "killed before", "killed after", "delivered late", "overtaken"),
}
"""What is done to a step of each seam. `before` and `after` are those of its effect, or of its commit."""

AT_COMMIT: Final = """
    create function fail_at_commit() returns trigger language plpgsql as $$
    begin
        case current_setting('faults.at_commit', true)
            when 'cut' then perform pg_terminate_backend(pg_backend_pid());
            when 'roll back' then raise serialization_failure;
            else null;
        end case;
        return null;
    end $$;
    create constraint trigger fail_at_commit after insert on journal
        deferrable initially deferred for each row execute function fail_at_commit()"""
"""For orders, which send their commit together with their line in the journal."""

_AT_THE_END: Final[Mapping[str, LiteralString]] = {
    "cut": "select pg_terminate_backend(pg_backend_pid())",
    "roll back": "do $$ begin raise serialization_failure; end $$",
}


class Killed(BaseException):
    """The worker is no more; nothing of it goes on."""


@dataclass
class Faults:
    """Counts the steps, and knows which one is to go wrong, and how."""

    at: int | None = None
    way: str = ""
    steps: list[tuple[Seam, str]] = field(default_factory=list)
    late: list[Callable[[], object]] = field(default_factory=list)
    """Calls that are to reach the driver once more when all is over."""
    overtake: Callable[[], None] = lambda: None
    """Has another worker do all there is to do, while this one stands still for longer than its lease."""
    finish: Callable[[], object] = lambda: None
    """Has whatever is under way in the network come to its end."""
    counting: bool = True

    @property
    def recording(self) -> bool:
        """Whether all steps are counted and none goes wrong."""
        return self.counting and self.at is None

    def meet(self, seam: Seam, name: str) -> str:
        """In which way this step is to go wrong; empty when it is not."""
        if not self.counting:
            return ""
        self.steps.append((seam, name))
        if len(self.steps) - 1 != self.at:
            return ""
        self.counting = False
        return self.way


class WatchedPool(OrderPool):
    """The connections of one side, each transaction being a step."""

    def __init__(self, dsn: str, seam: Seam) -> None:
        super().__init__(dsn, 4)
        self.faults = Faults(counting=False)
        self._seam = seam

    def run(self, transaction: Callable[[SyncConnection], T], *, begin: bytes = b"begin") -> T:
        name = transaction.__qualname__.replace(".<locals>", "")
        # That a worker is there at all is no step of an order, and neither is a look at what is there.
        way = "" if name.startswith(("Reconciler.beat", "OrderDesk.look")) else self.faults.meet(self._seam, name)
        match way.split():
            case ["cut", "before", _]:
                return super().run(_failing(transaction, "cut", begin), begin=begin)
            case ["rolled", "back", *_]:
                return super().run(_failing(transaction, "roll back", begin), begin=begin)
            case ["killed", "before", _]:
                super().run(_killing(transaction), begin=begin)
            case ["cut", "after", _]:
                super().run(transaction, begin=begin)
                raise DatabaseUnavailable("the answer to the commit was lost")
            case ["killed", "after", _]:
                super().run(transaction, begin=begin)
                raise Killed
            case ["overtaken"]:
                self.faults.overtake()
        if self.faults.recording and self._seam == "transaction" and not name.startswith("Reconciler.beat"):
            return super().run(self._told_apart(transaction), begin=begin)
        return super().run(transaction, begin=begin)

    def _told_apart(self, transaction: Callable[[SyncConnection], T]) -> Callable[[SyncConnection], T]:
        """The transaction, which is recorded as reading when it has changed nothing."""

        def run(connection: SyncConnection) -> T:
            result = transaction(connection)
            row = connection.execute("select pg_current_xact_id_if_assigned() is null").fetchone()
            if row == (True,):
                self.faults.steps[-1] = ("reading", self.faults.steps[-1][1])
            return result

        return run


def _failing(transaction: Callable[[SyncConnection], T], how: str, begin: bytes) -> Callable[[SyncConnection], T]:
    """The transaction, whose first commit fails: its connection is cut, or it has to be done again."""
    tries = iter((how, ""))

    def run(connection: SyncConnection) -> T:
        what = next(tries)
        if not begin:
            # It commits by itself, so the database has to be told beforehand.
            connection.execute("select set_config('faults.at_commit', %s, false)", (what,))
        result = transaction(connection)
        if begin and what:
            connection.execute(_AT_THE_END[what])
        return result

    return run


def _killing(transaction: Callable[[SyncConnection], object]) -> Callable[[SyncConnection], object]:
    def run(connection: SyncConnection) -> object:
        transaction(connection)
        raise Killed

    return run


class WatchedDriver:
    """A driver, each call of which is a step."""

    def __init__(self, driver: Driver, faults: Faults) -> None:
        self._driver = driver
        self._faults = faults

    def observe(self, device: Device) -> Mapping[str, Config]:
        return self._call("observe", device.id, lambda: self._driver.observe(device))

    def apply(self, step: Step, generation: int) -> Progress:
        name = f"{step.action} {step.key.partition('/')[0]} on {step.device.id}"
        return self._call("apply", name, lambda: self._driver.apply(step, generation))

    def retire(self, device: Device, steps: frozenset[str], generation: int) -> None:
        self._call("retire", device.id, lambda: self._driver.retire(device, steps, generation))

    def _call(self, seam: Seam, name: str, call: Callable[[], T]) -> T:
        match self._faults.meet(seam, name).split():
            case ["overtaken"]:
                self._faults.overtake()
            case ["delivered", "twice"]:
                call()
            case ["delivered", "late"]:
                self._faults.late.append(call)
            case [fault, "before"]:
                raise _fault(fault)
            case [fault, "after"]:
                call()
                self._faults.finish()
                raise _fault(fault)
        return call()


def _fault(name: str) -> BaseException:
    match name:
        case "killed":
            return Killed()
        case "transient":
            return TransientFault("the device was busy")
        case "refused":
            return RefusedFault("the device does not take that")
        case "broken":
            return RuntimeError("the driver is broken")
    raise KeyError(name)
