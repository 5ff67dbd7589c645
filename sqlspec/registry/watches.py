"""What follows the sources of a registry: one thread for all of them, or one task."""

from __future__ import annotations

import asyncio
import random
from concurrent.futures import Future, InvalidStateError
from contextlib import aclosing, suppress
from threading import Lock, Thread, current_thread
from typing import TYPE_CHECKING, Any

from sqlspec.concurrency.forks import keep_for_ever, restart_in_child
from sqlspec.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .watch import SourceStatus, Watch

__all__ = ("Watches",)

FIRST_PAUSE = 0.1
"""Seconds after a source's first failure, until it is asked again; twice as many after each further one."""
LONGEST_PAUSE = 5.0
STOP_TIMEOUT = 1.0
"""Seconds that `stop` waits for a source that does not let go."""
pause = asyncio.sleep


class Watches:
    """The watches of one registry. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._watches: list[Watch] = []
        self._running: Run | None = None
        restart_in_child(self, Watches._restart_in_child)

    def add(self, watches: list[Watch]) -> None:
        """Watch these, too, if any is watched."""
        with self._lock:
            self._watches = self._watches + watches
            if self._running is not None:
                self._running.begin(watches)

    def statuses(self) -> tuple[SourceStatus, ...]:
        """How each source is doing."""
        return tuple([watch.status for watch in self._watches])

    def start(self) -> None:
        """Watch all in one thread. If they are watched, that is enough."""
        with self._lock:
            if self._is_running():
                return
            run = Run(self._watches)
            run.thread = Thread(target=run.in_thread, name="sqlspec-watches", daemon=True)
            run.thread.start()
            self._running = run

    def start_task(self) -> None:
        """Watch all in one task of the running event loop. If they are watched, that is enough."""
        with self._lock:
            if self._is_running():
                return
            self._running = run = Run(self._watches)
            run.loop = asyncio.get_running_loop()
            run.task = run.loop.create_task(run.follow_all(), name="sqlspec-watches")

    def stop(self) -> None:
        """Watch no more. Waits for the thread, a second at most; for a task it does not wait."""
        run = self._let_go()
        if run is not None and run.thread is not None and run.thread is not current_thread():
            run.thread.join(STOP_TIMEOUT)

    async def astop(self) -> None:
        """The same in an event loop; waits for a task of this loop, too."""
        run = self._let_go()
        if run is None:
            return
        if run.thread is not None:
            await asyncio.to_thread(run.thread.join, STOP_TIMEOUT)
        elif run.task is not None and run.loop is asyncio.get_running_loop():
            await asyncio.wait((run.task,), timeout=STOP_TIMEOUT)

    def _let_go(self) -> Run | None:
        with self._lock:
            run, self._running = self._running, None
        if run is not None:
            run.cancel()
        return run

    def _is_running(self) -> bool:
        return self._running is not None and not self._running.is_over()

    def _restart_in_child(self) -> None:
        """After a fork: the parent's thread is not here, and its loop must not be touched."""
        self._lock = Lock()
        run, self._running = self._running, None
        if run is None:
            return
        keep_for_ever(run)  # freed here, its loop would change what the parent's waits for
        for watch in self._watches:
            watch.note_end()
        if run.thread is not None:
            with suppress(RuntimeError):  # no thread to be had: `sources` says that nobody watches
                self.start()


class Run:
    """One time of watching, from its start to its end: in a thread, or in a task."""

    def __init__(self, watches: list[Watch]) -> None:
        self.thread: Thread | None = None
        self.task: asyncio.Task[None] | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self._lock = Lock()
        self._waiting = list(watches)  # until the loop takes them up
        self._more = asyncio.Event()
        self._is_cancelled = False

    def is_over(self) -> bool:
        """Whether it has come to an end without `cancel`, as with the application's event loop."""
        if self.thread is not None:
            return not self.thread.is_alive()
        return self.task is None or self.task.done() or (self.loop is not None and self.loop.is_closed())

    def in_thread(self) -> None:
        """What the thread does."""
        with (
            suppress(asyncio.CancelledError),
            asyncio.Runner(loop_factory=_Loop) as runner,
        ):
            runner.run(self.follow_all())

    async def follow_all(self) -> None:
        """Follow each source, until `cancel`."""
        async with asyncio.TaskGroup() as group:
            with self._lock:
                self.loop, self.task = asyncio.get_running_loop(), asyncio.current_task()
            while not self._is_cancelled:
                with self._lock:
                    watches, self._waiting = self._waiting, []
                    self._more.clear()
                for watch in watches:
                    group.create_task(follow(watch))
                await self._more.wait()

    def begin(self, watches: list[Watch]) -> None:
        """Follow these, too. From any thread."""
        with self._lock:
            self._waiting += watches
        self._call(self._more.set)

    def cancel(self) -> None:
        """End it, from any thread."""
        self._is_cancelled = True  # for a thread that has only begun
        self._call(lambda: self.task and self.task.cancel())

    def _call(self, what: Callable[[], object]) -> None:
        """Do something in the loop, if that has begun and not ended."""
        with self._lock:
            loop = self.loop
        if loop is not None:
            with suppress(RuntimeError):  # closed
                loop.call_soon_threadsafe(what)


class _Loop(asyncio.SelectorEventLoop):
    """The loop of the thread. What has to block, such as looking up a host, gets a thread that ends with it.

    asyncio's own threads would stay, and the interpreter would wait for them when it ends.
    """

    # What goes in and comes out is asyncio's own affair, and not worth two type variables.
    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Call it in a thread of its own."""
        del executor
        outcome: Future[Any] = Future()

        def work() -> None:
            with suppress(InvalidStateError, RuntimeError):  # cancelled, or the loop is closed
                try:
                    result = func(*args)
                except BaseException as exc:  # noqa: BLE001 - it is the outcome
                    outcome.set_exception(exc)
                else:
                    outcome.set_result(result)

        Thread(target=work, name="sqlspec-watches-call", daemon=True).start()
        return asyncio.wrap_future(outcome, loop=self)


async def follow(watch: Watch) -> None:
    """Put in force whatever the source says, for ever; begin anew when it fails."""
    try:
        await _follow(watch)
    finally:
        watch.note_end()


async def _follow(watch: Watch) -> None:
    loop, failures = asyncio.get_running_loop(), 0
    while True:
        begun = loop.time()
        try:
            async with aclosing(watch.source.watch()) as news:
                async for tables in news:
                    watch.update(tables)
            watch.note_failure(ConfigError(f"{watch.source.name}: has ended its watch"))
        except Exception as exc:  # noqa: BLE001 - noted
            watch.note_failure(exc)
        # Not at every success: a source that answers once and then fails would be asked without end.
        failures = 1 if loop.time() - begun > LONGEST_PAUSE else failures + 1
        await pause(next_pause(failures))


def next_pause(failures: int) -> float:
    """Seconds to wait after so many failures. Clients of one catalogue must not come back all at once."""
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures - 1, 10))
    return random.uniform(longest / 2, longest)  # noqa: S311 - no secret
