"""Prefork: what children inherit, what is stored, what retries, limits and killed children do."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded, TimeLimitExceeded, WorkerLostError

from sqlspec.errors import ForeignKeyViolationError

from .workers import Shop, Worker, wait_until, working

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def worker(shop: Shop) -> Iterator[Worker]:
    """Two children of a parent whose registry is in use."""
    with working(shop, "prefork", 2) as worker:
        yield worker
        worker.end(signal.SIGTERM)


def facts(worker: Worker) -> list[dict[str, Any]]:
    """Of both children, or of one twice."""
    return [worker.answer(each) for each in [worker.send("facts") for _ in range(4)]]


def test_a_child_opens_connections_of_its_own(worker: Worker) -> None:
    """The parent's connection is used by nobody else, and a session that it left open is refused."""
    shop = worker.shop

    sent = [worker.send("place", shop.new_number(), 0.2) for _ in range(4)]
    answers = [worker.answer(each) for each in sent]

    pids = {each["pid"] for each in answers}
    assert len(pids) == 2
    assert worker.process.pid not in pids
    assert len({(each["pid"], each["backend"]) for each in answers}) == 2
    assert not {each["backend"] for each in answers} & {each["inherited"] for each in answers}
    assert worker.run("use_the_inherited") == "SessionClosedError"


def test_a_task_that_returns_has_stored_its_work(worker: Worker) -> None:
    """And what raised has not."""
    stored, failed = worker.shop.new_number(), worker.shop.new_number()

    worker.run("place", stored)
    with pytest.raises(LookupError, match="the task's own"):
        worker.run("fail", failed)

    assert worker.shop.is_stored(stored)
    assert not worker.shop.is_stored(failed)


def test_what_commit_raises_is_the_error_of_the_task(worker: Worker) -> None:
    """The result is told after the COMMIT."""
    number = worker.shop.new_number()

    with pytest.raises(ForeignKeyViolationError):
        worker.run("conflict", number)

    assert not worker.shop.is_stored(number)


def test_a_retry_undoes_what_was_done(worker: Worker) -> None:
    """Only the last attempt is stored."""
    number = worker.shop.new_number()

    assert worker.run("place_at_third", number) == 2

    assert [worker.shop.is_stored(number + attempt) for attempt in range(3)] == [False, False, True]


def test_what_the_database_says_to_try_again_is_tried_again(worker: Worker) -> None:
    """Two at once read the same; both are stored in the end."""
    sent = [worker.send("count_up") for _ in range(2)]

    retries = [worker.answer(each) for each in sent]

    assert sum(retries) >= 1
    assert worker.shop.sql("SELECT count(*) FROM orders WHERE number < 1000") == "2"


def test_a_soft_limit_comes_out_of_a_statement_as_itself(worker: Worker) -> None:
    """The statement is stopped, the work undone, and the connection lost to nobody."""
    number = worker.shop.new_number()

    with pytest.raises(SoftTimeLimitExceeded):
        worker.run("sleep", 60, number, limits={"soft_time_limit": 0.5})

    assert not worker.shop.is_stored(number)
    assert not worker.shop.is_running("SELECT pg_sleep")
    assert [(each["in_use"], each["waiting"]) for each in facts(worker)] == [(0, 0)] * 4
    assert worker.shop.in_transaction() <= 1  # the parent's


def test_a_soft_limit_during_commit_is_told_and_leaves_the_commit_alone(worker: Worker) -> None:
    """It is neither swallowed nor taken for an outcome; sent again, the task finds what is stored."""
    number = worker.shop.new_number()

    with pytest.raises(SoftTimeLimitExceeded):
        worker.run("commit_slowly", number, limits={"soft_time_limit": 1})

    assert worker.run("commit_slowly", number) == "was stored"
    assert {each["in_use"] for each in facts(worker)} == {0}


def test_a_hard_limit_undoes_a_transaction(worker: Worker) -> None:
    """The child is gone, and another one serves."""
    number = worker.shop.new_number()

    with pytest.raises(TimeLimitExceeded):
        worker.run("sleep", 5, number, limits={"time_limit": 0.5})
    worker.run("place", worker.shop.new_number())

    wait_until(lambda: not worker.shop.is_running("SELECT pg_sleep"), worker.log)
    assert not worker.shop.is_stored(number)


def test_a_hard_limit_stops_the_statement(worker: Worker) -> None:
    """In the tenth of a second from SIGTERM to SIGKILL; a machine that is busy may need several attempts."""

    def is_stopped() -> bool:
        number = worker.shop.new_number()
        with pytest.raises(TimeLimitExceeded):
            worker.run("sleep", 60, number, limits={"time_limit": 0.3})
        time.sleep(0.5)
        is_stopped = not worker.shop.is_running("SELECT pg_sleep")
        worker.shop.stop_all()
        return is_stopped

    assert any(is_stopped() for _ in range(5))


def test_a_hard_limit_during_commit_stores_all_or_nothing(worker: Worker) -> None:
    """The child is killed while the server commits; sent again, the task finds what is stored."""
    number = worker.shop.new_number()

    with pytest.raises(TimeLimitExceeded):
        worker.run("commit_slowly", number, limits={"time_limit": 1})

    assert worker.run("commit_slowly", number) == "was stored"
    assert worker.shop.is_stored(number)


def test_the_server_can_notice_a_killed_child(worker: Worker) -> None:
    """With one setting it stops what nobody waits for."""
    with pytest.raises(WorkerLostError):
        worker.run("be_killed")

    wait_until(lambda: not worker.shop.is_running("SELECT pg_sleep(61)"), worker.log)


@pytest.mark.parametrize("is_stored", [False, True], ids=["before-commit", "after-commit"])
def test_the_task_of_a_killed_child_is_done_once(worker: Worker, *, is_stored: bool) -> None:
    """It is delivered again; what is stored with a key in the same transaction is not stored twice."""
    number = worker.shop.new_number()

    answer = worker.run("die_once", number, is_stored=is_stored)

    assert answer == ("was stored" if is_stored else "stored")
    assert worker.shop.is_stored(number)
    assert worker.shop.sql(f"SELECT count FROM deliveries WHERE number = {number}") == "2"
