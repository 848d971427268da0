"""The work queue: one worker a subject, nothing lost, nothing done for ever."""

from datetime import timedelta

from peerhall.store import work
from peerhall.store.database import SyncConnection, connect
from tests.clock import Clock

MINUTE = timedelta(minutes=1)


def take(connection: SyncConnection, clock: Clock, who: str = "one") -> work.Lease | None:
    with connection.transaction():
        return work.lease(connection, who, clock(), MINUTE)


def must_take(connection: SyncConnection, clock: Clock, who: str = "one") -> work.Lease:
    held = take(connection, clock, who)
    assert held is not None
    return held


def test_work_is_done_once(any_database: str, clock: Clock) -> None:
    with connect(any_database) as connection:
        work.queue(connection, ["a", "a"], clock())
        work.queue(connection, ["a"], clock())
        held = must_take(connection, clock)
        assert take(connection, clock, "two") is None
        work.finish(connection, held)
        assert take(connection, clock) is None


def test_work_asked_for_meanwhile_is_done_afterwards(any_database: str, clock: Clock) -> None:
    with connect(any_database) as connection:
        work.queue(connection, ["a"], clock())
        held = must_take(connection, clock)
        work.queue(connection, ["a"], clock())
        work.finish(connection, held)
        assert must_take(connection, clock).subject == "a"


def test_work_that_was_not_due_yet_is_kept(any_database: str, clock: Clock) -> None:
    with connect(any_database) as connection:
        work.queue(connection, ["a"], clock() + MINUTE)
        work.queue(connection, ["a"], clock())
        held = must_take(connection, clock)
        clock.turn(minutes=2)
        work.finish(connection, held)
        assert must_take(connection, clock).subject == "a"


def test_the_longest_due_comes_first(any_database: str, clock: Clock) -> None:
    with connect(any_database) as connection:
        work.queue(connection, ["young"], clock())
        work.queue(connection, ["old"], clock() - MINUTE)
        work.queue(connection, ["future"], clock() + MINUTE)
        assert [must_take(connection, clock, who).subject for who in ("one", "two")] == ["old", "young"]
        assert work.next_due(connection, clock()) is not None


def test_a_lease_that_ran_out_is_taken_over_with_a_higher_generation(any_database: str, clock: Clock) -> None:
    with connect(any_database) as connection:
        work.queue(connection, ["a"], clock())
        first = must_take(connection, clock)
        clock.turn(minutes=2)
        second = must_take(connection, clock, "two")
        assert second.generation > first.generation
        assert not work.renew(connection, first, clock(), MINUTE)
        work.finish(connection, first)
        assert work.renew(connection, second, clock(), MINUTE)
        work.finish(connection, second)
        assert take(connection, clock) is None


def test_a_worker_that_is_gone_is_not_waited_for(any_database: str, clock: Clock) -> None:
    with connect(any_database) as connection:
        work.queue(connection, ["a", "b"], clock())
        must_take(connection, clock, "dead")
        must_take(connection, clock, "alive")
        work.release_dead(connection, "me", lambda holder: holder == "alive")
        taken = must_take(connection, clock, "me")
        work.finish(connection, taken)
        assert take(connection, clock, "me") is None


def test_a_worker_goes_on_at_once_with_what_it_could_not_give_back(any_database: str, clock: Clock) -> None:
    with connect(any_database) as connection:
        work.queue(connection, ["a"], clock())
        before = must_take(connection, clock)
        assert take(connection, clock, "two") is None
        again = must_take(connection, clock)
        assert (again.subject, again.generation > before.generation) == ("a", True)
        work.finish(connection, before)
        assert work.renew(connection, again, clock(), MINUTE)


def test_a_subject_has_one_date(any_database: str, clock: Clock) -> None:
    with connect(any_database) as connection:
        for days in (3, 3, 2, 5):
            work.set_date(connection, "a", clock() + timedelta(days=days), clock())
        work.set_date(connection, "b", clock(), clock())
        asked = clock() + timedelta(minutes=1)
        work.queue(connection, ["a"], asked)
        rows = "select subject, due_at from work order by due_at"
        assert connection.execute(rows).fetchall() == [("a", asked), ("a", clock() + timedelta(days=5))]
        work.set_date(connection, "a", None, clock())
        assert connection.execute(rows).fetchall() == [("a", asked)]


def test_failed_work_comes_again_later(any_database: str, clock: Clock) -> None:
    with connect(any_database) as connection:
        work.queue(connection, ["a"], clock())
        work.finish(connection, must_take(connection, clock), again_at=clock() + MINUTE, attempt=3)
        assert take(connection, clock) is None
        assert work.next_due(connection, clock()) == clock() + MINUTE
        clock.turn(minutes=1)
        assert must_take(connection, clock).attempt == 3
