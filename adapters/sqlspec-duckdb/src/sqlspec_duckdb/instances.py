"""Database instances: one for each DuckDB file that is open in this process, and one for each in memory.

Connections are cursors of their instance. Closing it closes every cursor, and two instances on one file
corrupt it; so an instance is shared by all users of its file, and closed when the last one releases it.

After a fork the child has copies of instances that it must not touch: DuckDB would serve it from the copy,
its commits would be lost, and freeing the copy writes a checkpoint into the file that the parent process
is using.
"""

from __future__ import annotations

import os
from threading import RLock
from typing import TYPE_CHECKING

import duckdb

from sqlspec.errors import ConnectError

from .errors import connect_error
from .paths import real_path, same_file

if TYPE_CHECKING:
    from .config import DuckDBConfig

__all__ = ("DatabaseInstance", "file_instance", "memory_instance")

# Held while a database is opened or closed: two must never do either to one file at once.
_lock = RLock()
_files: list[DatabaseInstance] = []
"""The files that are open in this process."""
_memories: list[DatabaseInstance] = []


class DatabaseInstance:
    """One open database and the number of its users: connections, and the registration of one in memory."""

    def __init__(self, config: DuckDBConfig, path: str) -> None:
        self.path, self.config = path, config
        self.users = 1
        self._process = os.getpid()
        try:
            self.raw = duckdb.connect(path, read_only=config.read_only, config=config.options())
        except duckdb.Error as exc:
            raise connect_error(exc, config.database, read_only=config.read_only) from exc

    @property
    def is_inherited(self) -> bool:
        """We are a forked child, and this belongs to the parent process.

        By the process's number: garbage may let go of it before anybody has heard of the fork.
        """
        return self._process != os.getpid()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own. Raises `ConnectError` in a forked child."""
        self.check()
        return self.raw.cursor()

    def check(self) -> None:
        """Refuse what belongs to another process."""
        if self.is_inherited:
            raise inherited(self.config.database)

    def acquire(self) -> None:
        """One more user."""
        with _lock:
            self.check()
            self.users += 1

    def acquire_if_open(self) -> bool:
        """One more user, unless it was closed: False then."""
        with _lock:
            if self.users == 0:
                return False
            self.acquire()
        return True

    def release(self) -> None:
        """One user less; the last one closes the database."""
        if self.is_inherited:  # before the lock, which a thread of the parent process may have held
            return
        with _lock:
            self.users -= 1
            if self.users == 0:
                for known in (_files, _memories):
                    if self in known:
                        known.remove(self)
                self.raw.close()


def inherited(database: str) -> ConnectError:
    """Why a forked child can not use what its parent process opened."""
    return ConnectError(
        f"the DuckDB database {database!r} was opened before this process was forked, and can not be used on "
        "both sides. Open it after the fork: in the child only, or start the child by 'spawn'"
    )


def memory_instance(config: DuckDBConfig) -> DatabaseInstance:
    """A new database in memory, with one user."""
    with _lock:
        instance = DatabaseInstance(config, config.database)
        _memories.append(instance)
    return instance


def file_instance(config: DuckDBConfig) -> DatabaseInstance:
    """The database in this file with one user more; opened if it is not open. Raises `ConnectError`."""
    path = real_path(config.database)
    with _lock:
        for instance in _files:
            if same_file(instance.path, path):
                instance.acquire()
                try:
                    _check_settings(instance, config)
                except BaseException:
                    instance.release()
                    raise
                return instance
        instance = DatabaseInstance(config, path)
        _files.append(instance)
    return instance


def _check_settings(instance: DatabaseInstance, config: DuckDBConfig) -> None:
    """Refuse other settings: those of other registries, which registration can not compare."""
    differing = config.differs_in(instance.config)
    if differing:
        msg = (
            f"the DuckDB file {config.database!r} is open in this process with other settings "
            f"({', '.join(differing)}); DuckDB opens a file once in a process, with one set of settings"
        )
        raise ConnectError(msg)


def _after_fork_in_child() -> None:
    global _lock  # noqa: PLW0603 - the parent process may have held it
    _lock = RLock()
    for instance in (*_files, *_memories):
        _never_free(instance.raw)


def _never_free(raw: duckdb.DuckDBPyConnection) -> None:
    # A list would not do: the interpreter empties it at its end, and freeing this writes into the file.
    import ctypes

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(raw))


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_after_fork_in_child)
