"""The parents: one open DuckDB database for each file of this process, and one for each in memory.

Connections are cursors of their parent. Closing it kills every cursor, and two opened on one file corrupt
it; so a parent is shared by all who want its file, and closed when the last of them has let go.

After a fork the child has copies of parents that it must not touch: DuckDB would serve it from the copy,
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

__all__ = ("Parent", "parent_of_file", "parent_of_memory")

# Held while a database is opened or closed: two must never do either to one file at once.
_lock = RLock()
_files: list[Parent] = []
"""The files that are open in this process."""
_memories: list[Parent] = []


class Parent:
    """One open database, and how many hold it: each connection, and a registration where it is in memory."""

    def __init__(self, config: DuckDBConfig, path: str) -> None:
        self.path, self.config = path, config
        self.is_inherited = False
        """We are a forked child, and this is the parent process's."""
        self.holders = 1
        try:
            self.raw = duckdb.connect(path, read_only=config.read_only, config=config.options())
        except duckdb.Error as exc:
            raise connect_error(exc, config.database) from exc

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own. Raises `ConnectError` in a forked child."""
        self.check()
        return self.raw.cursor()

    def check(self) -> None:
        """Refuse what belongs to another process."""
        if self.is_inherited:
            raise inherited(self.config.database)

    def hold(self) -> None:
        """One more needs it."""
        with _lock:
            self.check()
            self.holders += 1

    def hold_if_open(self) -> bool:
        """One more needs it, unless it was closed: False then."""
        with _lock:
            if self.holders == 0:
                return False
            self.hold()
        return True

    def let_go(self) -> None:
        """One less needs it; the last closes the database."""
        with _lock:
            self.holders -= 1
            if self.holders == 0 and not self.is_inherited:
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


def parent_of_memory(config: DuckDBConfig) -> Parent:
    """A new database in memory, held once."""
    with _lock:
        parent = Parent(config, config.database)
        _memories.append(parent)
    return parent


def parent_of_file(config: DuckDBConfig) -> Parent:
    """The database in this file, held once more, and opened if it is not. Raises `ConnectError`."""
    path = real_path(config.database)
    with _lock:
        for parent in _files:
            if same_file(parent.path, path):
                parent.hold()
                try:
                    _check_settings(parent, config)
                except BaseException:
                    parent.let_go()
                    raise
                return parent
        parent = Parent(config, path)
        _files.append(parent)
    return parent


def _check_settings(parent: Parent, config: DuckDBConfig) -> None:
    """What registration could not compare: other registries, and a config whose sessions still run."""
    differing = config.differs_in(parent.config)
    if differing:
        msg = (
            f"the DuckDB file {config.database!r} is open in this process with other settings "
            f"({', '.join(differing)}); DuckDB opens a file once in a process, with one set of settings"
        )
        raise ConnectError(msg)


def _after_fork_in_child() -> None:
    global _lock  # noqa: PLW0603 - the parent process may have held it
    _lock = RLock()
    for parent in (*_files, *_memories):
        parent.is_inherited = True
        _immortalise(parent.raw)


def _immortalise(raw: duckdb.DuckDBPyConnection) -> None:
    # A list would not do: the interpreter empties it at its end, and freeing this writes into the file.
    import ctypes

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(raw))


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_after_fork_in_child)
