"""What a thread does with a session while Ctrl-C comes."""

from __future__ import annotations

import gc
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlspec import SQLSpec
from sqlspec_testkit.scripted import Script, ScriptedConfig, ScriptedPlugin

if TYPE_CHECKING:
    from sqlspec.pool._sync import Pool

__all__ = ("USES", "Use")

ROWS = [1, 2]
"""What every use stores, all of it or nothing."""


class Use:
    """A pool of one connection, and a session that ends well."""

    least, awaits, pairs = 60, 10, 10
    """As many steps there are, as many calls of the driver that wait, as many pairs of those; or more."""
    is_kept = True
    """Whether its rows are there when nothing comes between."""
    options: dict[str, Any] = {}  # noqa: RUF012 - read only

    def __init__(self) -> None:
        self.script = Script(suspend=True)
        self.server = self.script.server
        self.spec = SQLSpec()
        self.spec.plugins.register(ScriptedPlugin(self.script))
        self.spec.register_config(ScriptedConfig(pool_size=1, pool_timeout=0.05, **self.options), "db")
        self.pool: Pool = self.spec._table.find("db").open_pool()  # type: ignore[assignment]

    def do(self) -> None:
        """What is interrupted."""
        with self.spec.provide_session("db") as session:
            session.execute("INSERT 1")
            self.meanwhile()
            session.execute("INSERT 2")

    def meanwhile(self) -> None:
        """Between the statements."""

    def judge(self, notes: str | None) -> None:
        """Afterwards: rows as the caller was told, nothing sent twice, and the only slot is free.

        *notes*: those on the interrupt; None if none came.
        """
        self.judge_rows(notes)
        del self.pool  # one that was replaced is nobody's any more
        gc.collect()
        self.script.clear()
        self.script.can_reset = True
        with self.spec.provide_session("db") as session:
            assert session.execute("SELECT").scalars() == self.server.rows
        stats = self.spec.stats("db")
        assert (stats.size, stats.idle, stats.waiting) == (1, 1, 0)
        self.spec.close()
        assert self.server.open == []
        assert self.server.violations == []

    def judge_rows(self, notes: str | None) -> None:
        """All or nothing; a note may be missing, but none may lie."""
        assert self.server.rows in ([], ROWS)
        assert all(self.server.count("execute", f"INSERT {row}") <= 1 for row in ROWS)
        assert self.server.count("commit") <= 1
        if notes is None:
            assert self.server.rows == (ROWS if self.is_kept else [])
        elif "was committed" in notes:
            assert self.server.rows == ROWS
        elif "was not committed" in notes or not self.is_kept:
            assert self.server.rows == []


class Fails(Use):
    """The body raises: the session is rolled back."""

    is_kept = False

    def do(self) -> None:
        with suppress(ZeroDivisionError):
            super().do()

    def meanwhile(self) -> None:
        raise ZeroDivisionError


class Early(Use):
    """Committed before the end; what comes after it is another transaction."""

    def do(self) -> None:
        with self.spec.provide_session("db") as session:
            session.execute("INSERT 1")
            session.execute("INSERT 2")
            session.commit()


class Undone(Use):
    """Rolled back before the end."""

    is_kept = False

    def do(self) -> None:
        with self.spec.provide_session("db") as session:
            session.execute("INSERT 1")
            session.execute("INSERT 2")
            session.rollback()


class Blocks(Use):
    """A block that commits, and a savepoint in it."""

    def do(self) -> None:
        with self.spec.provide_session("db") as session, session.begin():
            session.execute("INSERT 1")
            with session.begin():
                session.execute("INSERT 2")


class Unclean(Use):
    """The reset can not tell: the connection is dropped at its return."""

    def meanwhile(self) -> None:
        self.script.can_reset = False


class Expired(Use):
    """The pool expires meanwhile: the connection is closed at its return."""

    def meanwhile(self) -> None:
        self.pool.expire()


class Replaced(Use):
    """Another config takes the name meanwhile."""

    def meanwhile(self) -> None:
        self.spec.register_config(ScriptedConfig(pool_size=1, pool_timeout=0.05), "db", override=True)


class Raw(Use):
    """The driver's own connection, with a transaction left open."""

    least, awaits, pairs = 40, 6, 0
    is_kept = False

    def do(self) -> None:
        with self.spec.provide_connection("db") as raw:
            raw.run("SET x = 1")
            raw.run("BEGIN")
            raw.run("INSERT 1")


class Streamed(Use):
    """Rows are being read when it ends."""

    def do(self) -> None:
        with self.spec.provide_session("db") as session:
            session.execute("INSERT 1")
            session.execute("INSERT 2")
            for _ in session.stream("SELECT", batch_size=1):
                break


USES: tuple[type[Use], ...] = (
    Use,
    Fails,
    Early,
    Undone,
    Blocks,
    Unclean,
    Expired,
    Replaced,
    Raw,
    Streamed,
)
