"""Ctrl-C while a COMMIT is under way in a thread: nobody can know, and the interrupt says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec import Session, SQLSpec
from sqlspec_testkit.scripted import Script, ScriptedConfig, ScriptedPlugin

if TYPE_CHECKING:
    from collections.abc import Callable


def leave(_: Session) -> None:
    """The session commits at its end."""


def commit(session: Session) -> None:
    """It is committed before."""
    session.commit()


@pytest.mark.parametrize(("point", "rows"), [("commit: not sent", []), ("commit: not answered", [1])])
@pytest.mark.parametrize("end", [leave, commit], ids=["leave", "commit"])
def test_g44_an_interrupted_commit_is_unknown(
    end: Callable[[Session], None], point: str, rows: list[int]
) -> None:
    """The interrupt is raised with a note, the connection dropped, and nothing sent again."""
    script = Script(suspend=True)
    spec = SQLSpec()
    spec.plugins.register(ScriptedPlugin(script))
    spec.register_config(ScriptedConfig(pool_size=1), "db")

    def interrupt() -> None:
        if script.awaits[-1] == point:
            raise KeyboardInterrupt
        script.at_await(1, interrupt)

    script.at_await(1, interrupt)
    with pytest.raises(KeyboardInterrupt) as caught, spec.provide_session("db") as session:
        session.execute("INSERT 1")
        end(session)

    assert "possibly committed" in " ".join(caught.value.__notes__)
    assert script.server.open == []
    assert script.server.rows == rows
    assert script.server.count("commit") == len(rows)
    with spec.provide_session("db") as session:
        assert session.execute("SELECT").scalars() == rows
    assert script.server.violations == []
    spec.close()
