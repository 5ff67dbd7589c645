"""COPY between the server and the client, typed like any other statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import NotSupportedError

if TYPE_CHECKING:
    from .sides import Door

REFUSED = {
    "in": "COPY t FROM STDIN",
    "columns": "copy public.t (a) from stdin with (format csv)",
    "out": "COPY (SELECT a FROM t) TO STDOUT",
    "a comment": "-- why\n COPY t TO STDOUT",
    "comments within comments": "/* a /* COPY */ */ COPY t /* FROM */ FROM/**/STDIN",
    "the other word": "COPY t TO STDIN",
    "quoted": """COPY "to '/x'" TO STDOUT (DELIMITER E'\\'')""",
}
NOT_REFUSED = {
    "a file": "COPY t TO '/no/such/STDOUT'",
    "a table of that name": "COPY (SELECT * FROM stdin) TO '/no/such/folder'",
    "a comment about it": "/* COPY t FROM STDIN */ SELECT 1",
    "a text": "SELECT 'COPY t FROM STDIN'",
}


async def _run(session: Any, way: str, statement: str) -> None:
    if way == "execute":
        await session.execute(statement)
    elif way == "execute_many":
        await session.execute_many(statement, [(), ()])
    elif way == "execute_script":
        await session.execute_script(f"SELECT 1; {statement}")
    else:
        async for _ in session.stream(statement):
            pass


@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
@pytest.mark.parametrize("way", ["execute", "execute_many", "stream", "execute_script"])
async def test_it_is_refused_before_it_is_sent(door: Door, way: str, *, autocommit: bool) -> None:
    """With what to do instead, and the session goes on."""
    await door.run("CREATE TABLE t (a int)")

    async with door.session(autocommit=autocommit) as session:
        await session.execute("INSERT INTO t VALUES (1)")
        for name, statement in REFUSED.items():
            if way == "execute_script" and name in {"in", "columns", "comments within comments"}:
                continue  # with its data a script may have it
            with pytest.raises(NotSupportedError, match=r"load.*stream.*execute_script"):
                await _run(session, way, statement)

    assert await door.value("SELECT count(*) FROM t") == 1


async def test_what_only_looks_like_it_is_run(door: Door) -> None:
    """The server says what it has against a file."""
    async with door.session(autocommit=True) as session:
        for statement in NOT_REFUSED.values():
            try:
                await session.execute(statement)
            except NotSupportedError:
                raise
            except Exception as error:  # noqa: BLE001 - of the server
                assert "COPY with data" not in str(error)  # noqa: PT017 - most statements succeed
