"""What all throw-away servers have in common: a directory, a port, a guardian, and an end."""

from __future__ import annotations

import os
import pwd
import signal
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from ._guardian import continue_tree, send, stop_tree
from .clients import environment
from .errors import ServerError
from .guard import Guard
from .packages import find_programs
from .ports import free_port
from .tls import Authority

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from types import TracebackType

__all__ = ("Server", "StopMode")

StopMode = Literal["fast", "immediate"]
HOST = "127.0.0.1"
POLL = 0.01
PORT_ATTEMPTS = 3


class Server:
    """A private server, for tests: in a directory of its own, on a free port of the loopback interface.

        with PostgreSQLServer() as server:
            connect(server.url())

    It lives as long as the block, or from `start` to `close`; the data survive `stop` and `start`, and so
    does the port. It belongs to the process that started it: however that ends, by `kill -9`, too, the server
    ends with it, and its directory is removed. Run by root, it is the process of an unprivileged user.

    Methods wait, so async tests call those that take long (`start`, `stop`, `restart`) in a thread. Several
    threads may use a server; starts and stops happen one after the other. A forked child may use `url`, and
    nothing else.
    """

    name: ClassVar[str]
    programs: ClassVar[tuple[str, ...]]
    """What must be there to run it."""
    packages: ClassVar[tuple[str, ...]]
    """What Debian calls the packages that hold the programs."""
    users: ClassVar[tuple[str, ...]] = ("nobody",)
    """Who it is if we are root: the first of these that exists."""
    stop_signals: ClassVar[Mapping[StopMode, signal.Signals]] = {
        "fast": signal.SIGTERM,
        "immediate": signal.SIGKILL,
    }

    def __init__(self, *, start_timeout: float = 60.0, stop_timeout: float = 30.0) -> None:
        self.port = 0
        """Where it listens: known after the first start, and the same until it is closed."""
        self.user, self.password = "sqlspec", "s3cret-of-the-testkit"
        self._start_timeout, self._stop_timeout = start_timeout, stop_timeout
        self._directory: Path | None = None
        self._guard: Guard | None = None
        self._pid: int | None = None
        self._found: Mapping[str, str] = {}
        self._said = 0  # how much of the log is older than the last start
        self._lock = RLock()

    # --- life -----------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def prepare(self) -> None:
        """Do what `start` does the first time, all but starting: install what is missing, make the data."""
        with self._lock, self._closed_on_failure():
            if self._directory is None:
                self._finish_start()
                self._prepare()

    def start(self) -> None:
        """Start it, and wait until it serves."""
        with self._lock, self._closed_on_failure():
            if not self.is_running:
                self.prepare()
                self._start()

    def stop(self, mode: StopMode = "fast") -> None:
        """Stop it, and wait for its end: `fast` is polite, `immediate` is a crash. The data stay."""
        with self._lock:
            if not self.is_running:
                return
            self.thaw()
            send(self.pid, self.stop_signals[mode])
            if self._needed_guard.wait(self.pid, timeout=self._stop_timeout) is None:
                raise ServerError(f"{self.name} did not stop within {self._stop_timeout:g} s:\n{self.log}")
            self._pid = None

    def restart(self, mode: StopMode = "fast") -> None:
        """Stop and start it: same port, same data."""
        with self._lock:
            self.stop(mode)
            self.start()

    def close(self) -> None:
        """End it, and remove its directory. May be called twice; a later `start` begins anew."""
        with self._lock:
            guard, self._guard = self._guard, None
            if guard is not None:
                guard.close()
            self._pid, self._directory, self.port = None, None, 0

    def freeze(self) -> None:
        """Stop all its processes where they are, by SIGSTOP: it neither answers nor hangs up."""
        stop_tree(self.pid)

    def thaw(self) -> None:
        """Let them go on, as if no time had passed."""
        continue_tree(self.pid)

    @contextmanager
    def frozen(self) -> Generator[None, None, None]:
        """Frozen inside of the block."""
        self.freeze()
        try:
            yield
        finally:
            self.thaw()

    # --- facts ----------------------------------------------------------------------------------

    @property
    def is_running(self) -> bool:
        """Whether its process is there; a frozen one is."""
        return self._guard is not None and self._pid is not None and not self._has_ended(self._pid)

    @property
    def pid(self) -> int:
        """The process that serves, or the parent of those; ServerError if it does not run."""
        if self._pid is None:
            raise ServerError(f"{self.name} does not run; call start()")
        return self._pid

    @property
    def directory(self) -> Path:
        """All that it keeps on disk, its sockets included."""
        if self._directory is None:
            raise ServerError(f"{self.name} was not started, or is closed; call start()")
        return self._directory

    @property
    def log(self) -> str:
        """All that it said until now."""
        path = self._log_path
        return path.read_text("utf-8", "replace") if path.exists() else ""

    # --- for each server to say -------------------------------------------------------------------

    def _prepare(self) -> None:
        """Make what has to be on disk before the first start."""

    def _command(self) -> Sequence[str]:
        """The program that serves, with its arguments. It stays in the foreground and logs to stderr."""
        raise NotImplementedError

    def _is_ready(self) -> bool:
        """Whether it serves."""
        raise NotImplementedError

    # --- parts ------------------------------------------------------------------------------------

    @contextmanager
    def _closed_on_failure(self) -> Generator[None, None, None]:
        try:
            yield
        except BaseException:
            self.close()
            raise

    def _start(self) -> None:
        is_new = self.port == 0
        for attempt in range(1, PORT_ATTEMPTS + 1):
            if is_new:
                self.port = free_port()
            self._launch()
            if self._serves():
                return
            # Between our look at the port and the server's, somebody else may have taken it.
            if not is_new or attempt == PORT_ATTEMPTS or "in use" not in self._recent_log:
                raise ServerError(f"{self.name} ended while it started:\n{self._recent_log}")

    def _finish_start(self) -> None:
        """A directory for the user who it will be, and a guardian for both."""
        self._found = find_programs(self.name, self.programs, self.packages)
        self._directory = Path(tempfile.mkdtemp(prefix=f"sqlspec-{self.name}-")).resolve()
        self._directory.chmod(0o755)  # clients of other users may use the socket
        user = self._somebody()
        if user is not None:
            os.chown(self._directory, user.pw_uid, user.pw_gid)
        self._guard = Guard(self._directory, user=user)

    def _somebody(self) -> pwd.struct_passwd | None:
        """Who to be; None: ourselves."""
        if os.geteuid() != 0:
            return None
        known = {entry.pw_name: entry for entry in pwd.getpwall()}
        return next(known[name] for name in (*self.users, "nobody") if name in known)

    def _launch(self) -> None:
        self._said = len(self.log)
        self._pid = self._needed_guard.start(
            self._command(),
            log=self._log_path,
            env=self._environment(),
            quit_signal=self.stop_signals["immediate"],
        )

    def _serves(self) -> bool:
        """Whether it serves at last; False if it has ended instead."""
        until = time.monotonic() + self._start_timeout
        while not self._is_ready():
            if self._has_ended(self.pid):
                self._pid = None
                return False
            if time.monotonic() > until:
                raise ServerError(
                    f"{self.name} does not serve after {self._start_timeout:g} s:\n{self._recent_log}"
                )
            time.sleep(POLL)
        return True

    def _has_ended(self, pid: int) -> bool:
        return self._needed_guard.wait(pid) is not None

    def _run(self, program: str, *arguments: str) -> None:
        """Run one of the programs as the server's user, to its end."""
        self._needed_guard.run(
            [self._found[program], *arguments], log=self._log_path, env=self._environment()
        )

    def _copy(self, other: Server) -> None:
        """Take the data of a server that was prepared, and does not run."""
        if other.is_running:
            raise ServerError(f"{other.name} runs; a copy of its data would be of no use")
        other.prepare()
        copy = ["cp", "-a", str(other.directory / "data"), str(self.directory / "data")]
        self._needed_guard.run(copy, log=self._log_path, env=self._environment())

    def _write(self, name: str, *lines: str) -> Path:
        """Write a file of the directory, for the server's eyes only."""
        path = self.directory / name
        path.touch(0o600)
        path.write_text("\n".join((*lines, "")), "utf-8")
        self._offer(path)
        return path

    def _certify(self) -> Authority:
        """An authority in the folder tls, and a certificate of the server's: server.pem, server.key."""
        authority = Authority(self.directory / "tls")
        made = authority.issue("server")
        for path in (authority.path.parent, authority.path, made.path, made.key):
            self._offer(path)
        return authority

    def _offer(self, path: Path) -> None:
        owner = self.directory.stat()
        os.chown(path, owner.st_uid, owner.st_gid)

    def _environment(self) -> dict[str, str]:
        # A MariaDB that starts removes all temporary tables it finds in TMPDIR, its neighbours' included.
        return {**environment(), "HOME": str(self.directory), "TMPDIR": str(self.directory)}

    @property
    def _recent_log(self) -> str:
        return self.log[self._said :]

    @property
    def _log_path(self) -> Path:
        return self.directory / "log"

    @property
    def _needed_guard(self) -> Guard:
        if self._guard is None:
            raise ServerError(f"{self.name} was not started, or is closed; call start()")
        return self._guard
