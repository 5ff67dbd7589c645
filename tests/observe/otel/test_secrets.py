"""Nothing of the application's data leaves with a span or a metric, whatever happens."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import InstrumentationConfig, SQLSpec
from sqlspec.errors import SQLSpecError
from tests.integration.contract.sides import SIDES

if TYPE_CHECKING:
    from tests.integration.contract.sides import Side

    from .telemetry import Telemetry

CANARY = "hunter2"
EVERYTHING = InstrumentationConfig(enable_opentelemetry=True, service_name="shop")


async def _work(session: Any) -> None:
    """Literals, parameters and rows, in what succeeds and in what fails."""
    await session.execute("CREATE TABLE vault (id INTEGER PRIMARY KEY, word VARCHAR(80) NOT NULL)")
    await session.execute(f"INSERT INTO vault VALUES (1, '{CANARY} literal')")
    await session.execute("INSERT INTO vault VALUES (?, ?)", (2, f"{CANARY} parameter"))
    await session.execute("SELECT * FROM vault WHERE word = :word", {"word": f"{CANARY} named"})
    await session.execute_many("INSERT INTO vault VALUES (?, ?)", [(3, f"{CANARY} 3"), (4, f"{CANARY} 4")])
    await session.execute_script(f"DELETE FROM vault WHERE word = '{CANARY}'; SELECT '{CANARY}' AS word")
    await session.load("vault", [(5, f"{CANARY} loaded")], columns=("id", "word"))
    async for _row in session.stream("SELECT word FROM vault"):
        pass
    await session.commit()
    for statement, parameters in (
        ("INSERT INTO vault VALUES (?, ?)", (1, f"{CANARY} again")),
        (f"INSERT INTO vault VALUES (1, '{CANARY} again')", ()),
        ("INSERT INTO vault VALUES (9, ?)", (None,)),
        (f"SELECT '{CANARY}", ()),
        (f"SELECT CAST('{CANARY}' AS INTEGER) + (SELECT 1 FROM nowhere)", ()),
        ("SELECT ?", (CANARY, CANARY)),
    ):
        with suppress(SQLSpecError):
            await session.execute(statement, parameters)
        await session.rollback()
    await session.execute("DROP TABLE vault")


@pytest.mark.parametrize("side", SIDES, ids=[side.name for side in SIDES])
async def test_no_value_is_exported(side: Side, request: pytest.FixtureRequest, telemetry: Telemetry) -> None:
    """Of literals, of parameters, of rows, nor of an error's text, which quotes them."""
    spec = SQLSpec()
    spec.register_config(side.database.config(request, instrumentation=EVERYTHING), "db")
    async with side.session(spec) as session:
        await _work(session)
    if side.in_tasks:
        await spec.aclose()
    spec.close()

    exported = telemetry.everything
    assert len(telemetry.spans) > 15
    assert "vault" in exported
    assert CANARY not in exported


@pytest.mark.parametrize("side", [side for side in SIDES if side.database.url], ids=lambda side: side.name)
async def test_no_password_is_exported(
    side: Side, request: pytest.FixtureRequest, telemetry: Telemetry
) -> None:
    """Neither a good one nor one that the server refuses."""
    config: Any = side.database.config(request, instrumentation=EVERYTHING, connect_timeout=2.0)
    config = config.merge({"password": CANARY}) if not config.password else config
    spec = SQLSpec()
    spec.register_config(config, "db")
    with suppress(SQLSpecError):
        async with side.session(spec) as session:
            await session.execute("SELECT 1")
    secret = config.password.reveal() if hasattr(config.password, "reveal") else str(config.password)
    if side.in_tasks:
        await spec.aclose()
    spec.close()

    assert "db.client.connection" in telemetry.everything
    assert CANARY not in telemetry.everything
    assert secret not in telemetry.everything
