"""Gates: where a script holds calls until the test lets them go."""

from __future__ import annotations

from collections import deque
from threading import RLock
from typing import TYPE_CHECKING

from .waiting import RELEASED, AsyncPause, Pause

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("Gate",)

PATIENCE = 10.0


class Gate:
    """Holds every call that comes to it, until `release` or `open`. Usable from any thread and loop."""

    def __init__(self) -> None:
        self._lock = RLock()  # reentrant: a signal's handler may release what its thread is about to hold
        self._held: deque[Pause | AsyncPause] = deque()
        self._watchers: list[tuple[int, Pause | AsyncPause]] = []
        self._passes = 0
        self._is_open = False

    @property
    def held(self) -> int:
        """How many calls are held."""
        return len(self._held)

    def release(self, count: int = 1) -> None:
        """Let so many calls go: those that came first, or those that come next."""
        with self._lock:
            self._passes += count
            while self._held and self._passes:
                self._passes -= 1
                self._held.popleft().wake(RELEASED)

    def open(self) -> None:
        """Let all calls go, now and later."""
        with self._lock:
            self._is_open = True
            while self._held:
                self._held.popleft().wake(RELEASED)

    def close(self) -> None:
        """Hold again what comes from now on."""
        with self._lock:
            self._is_open, self._passes = False, 0

    # --- for tests that wait until a call is held -----------------------------------------------

    def arrival(self, count: int = 1) -> None:
        """Wait, in a thread, until *count* calls are held. `TimeoutError` after ten seconds."""
        pause = Pause()
        self._watch(count, pause)
        self._check(pause.wait(PATIENCE), count)

    async def async_arrival(self, count: int = 1) -> None:
        """Wait, in a task, until *count* calls are held. `TimeoutError` after ten seconds."""
        pause = AsyncPause()
        self._watch(count, pause)
        self._check(await pause.wait(PATIENCE), count)

    def _watch(self, count: int, pause: Pause | AsyncPause) -> None:
        with self._lock:
            self._watchers.append((count, pause))
            self._tell()

    def _check(self, reason: str, count: int) -> None:
        if reason is not RELEASED:
            raise TimeoutError(f"{self.held} calls are held, not {count}")

    def _tell(self) -> None:
        for watcher in list(self._arrived()):
            self._watchers.remove(watcher)
            watcher[1].wake(RELEASED)

    def _arrived(self) -> Iterator[tuple[int, Pause | AsyncPause]]:
        return (watcher for watcher in self._watchers if watcher[0] <= len(self._held))

    # --- for the driver -------------------------------------------------------------------------

    def enter(self, pause: Pause | AsyncPause) -> None:
        """A call has come."""
        with self._lock:
            if self._is_open or self._passes:
                self._passes -= not self._is_open
                pause.wake(RELEASED)
                return
            self._held.append(pause)
            self._tell()

    def leave(self, pause: Pause | AsyncPause) -> None:
        """A call is held no longer, for whatever reason."""
        with self._lock:
            if pause in self._held:
                self._held.remove(pause)
