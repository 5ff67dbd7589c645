"""The other pools, and how workers of all of them end."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest
from celery.exceptions import SoftTimeLimitExceeded, TimeLimitExceeded

from .workers import Shop, wait_until, working

POOLS = [("prefork", 2), ("threads", 4), ("gevent", 4), ("solo", 1)]


def children_of(pid: int) -> list[int]:
    """The processes that Celery has forked."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split()]


def closings(shop: Shop) -> set[str]:
    """The processes that have closed their pools."""
    return {path.name.removeprefix("closed-") for path in shop.folder.glob("closed-*")}


@pytest.mark.parametrize(("pool", "concurrency"), POOLS, ids=[name for name, _ in POOLS])
def test_a_warm_shutdown_finishes_tasks_and_closes_pools(shop: Shop, pool: str, concurrency: int) -> None:
    """SIGTERM while tasks run: they are stored, and every process closes its pool, that of the parent too."""
    numbers = [shop.new_number() for _ in range(concurrency)]
    with working(shop, pool, concurrency, SHOP_POOL_SIZE="3") as worker:
        sent = [worker.send("place", number, 0.7) for number in numbers]
        wait_until(lambda: shop.is_running("SELECT pg_backend_pid(), pg_sleep"), worker.log)

        worker.end(signal.SIGTERM)

        if pool != "solo":  # which takes what it has received, after its end too
            assert worker.process.returncode == 0
        pids = {str(worker.answer(each)["pid"]) for each in sent}
    assert all(shop.is_stored(number) for number in numbers)
    assert pids | {str(worker.process.pid)} <= closings(shop)
    assert "Traceback" not in worker.log.read_text()


def test_a_cold_shutdown_undoes_and_the_task_is_delivered_again(shop: Shop) -> None:
    """SIGQUIT while a transaction is open: nothing of it is stored; the next worker does the task, once."""
    number = shop.new_number()
    with working(shop, "prefork", 2) as worker:
        sent = worker.send("place_and_wait", number, 60)
        wait_until(lambda: shop.is_running("SELECT pg_sleep"), worker.log)

        worker.end(signal.SIGQUIT)

    wait_until(lambda: not shop.is_running("SELECT pg_sleep"), worker.log)
    assert not shop.is_stored(number)
    with working(shop, "prefork", 2, queue=worker.queue) as successor:
        assert successor.answer(sent) == "stored"
    assert shop.is_stored(number)


def test_threads_share_a_pool(shop: Shop) -> None:
    """Eight at once on three connections; nobody is lost."""
    numbers = [shop.new_number() for _ in range(16)]
    with working(shop, "threads", 8, SHOP_POOL_SIZE="3") as worker:
        sent = [worker.send("place", number, 0.1) for number in numbers]
        backends = {worker.answer(each)["backend"] for each in sent}
        facts = worker.run("facts")

    assert all(shop.is_stored(number) for number in numbers)
    assert len(backends) <= 3
    assert (facts["size"] <= 3, facts["in_use"], facts["waiting"]) == (True, 0, 0)


def test_greenlets_wait_for_the_database_at_the_same_time(shop: Shop) -> None:
    """Ten tasks of one second take about one, on as many connections; more tasks wait for a connection."""
    number = shop.new_number()
    with working(shop, "gevent", 20, SHOP_POOL_SIZE="10") as worker:
        begun = time.monotonic()
        for each in [worker.send("sleep", 1, shop.new_number()) for _ in range(20)]:
            worker.answer(each)
        took = time.monotonic() - begun

        with pytest.raises(TimeLimitExceeded):
            worker.run("sleep", 60, number, limits={"time_limit": 1})
        wait_until(lambda: not shop.is_running("SELECT pg_sleep"), worker.log)
        facts = worker.run("facts")

    assert took < 10
    assert not shop.is_stored(number)
    assert (facts["size"] <= 10, facts["in_use"], facts["waiting"]) == (True, 0, 0)


@pytest.mark.storm
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are looked up in /proc")
def test_processes_that_are_killed_at_any_moment_leave_each_order_once(shop: Shop) -> None:
    """Children are killed while two hundred tasks run; each is delivered until it is done, and done once."""
    numbers = [shop.new_number() for _ in range(200)]
    with working(shop, "prefork", 4, SHOP_POOL_SIZE="1") as worker:
        sent = [worker.send("place_and_count", number) for number in numbers]
        kills = 0
        while not all(each.ready() for each in sent) and kills < 40:
            time.sleep(0.4)
            children = children_of(worker.process.pid)
            if children:
                os.kill(random.choice(children), signal.SIGKILL)
                kills += 1
        answers = [worker.answer(each) for each in sent]

    assert kills > 5
    assert set(answers) <= {"stored", "was stored"}
    assert all(shop.is_stored(number) for number in numbers)
    assert shop.sql("SELECT sum(count) FROM counted") == str(len(numbers))


@pytest.mark.storm
def test_soft_limits_at_any_moment_lose_no_connection(shop: Shop) -> None:
    """Hundreds of tasks, each interrupted somewhere: all say so, nothing is stored, all is given back."""
    with working(shop, "prefork", 2, SHOP_POOL_SIZE="1") as worker:
        numbers = [shop.new_number() for _ in range(400)]
        limits = [0.05 + 0.0007 * place for place in range(400)]
        sent = [
            worker.send("work", number, 20, limits={"soft_time_limit": limit})
            for number, limit in zip(numbers, limits, strict=True)
        ]
        for each in sent:
            with pytest.raises(SoftTimeLimitExceeded):
                worker.answer(each)
        facts = [worker.run("facts") for _ in range(4)]

    assert not any(shop.is_stored(number) for number in numbers)
    assert {(each["in_use"], each["waiting"]) for each in facts} == {(0, 0)}
    assert "dropped without being returned" not in worker.log.read_text()
