"""An adapter is installed and its driver can not be imported: broken, and it is said how to mend it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import asyncio, sys

missing, url, side = sys.argv[1:]
if missing:
    sys.modules[missing] = None  # as if it were not installed
from sqlspec import SQLSpec
from sqlspec.errors import AdapterBrokenError

spec = SQLSpec()
spec.register_config(url, "db")

async def ask():
    async with spec.provide_session("db"):
        pass

try:
    if side == "tasks":
        asyncio.run(ask())
    else:
        with spec.provide_session("db"):
            pass
except AdapterBrokenError as error:
    print(error)
"""
DRIVERS = {
    "asyncmy": "mysql://127.0.0.1:9/a",
    "asyncpg": "postgresql+asyncpg://127.0.0.1:9/a",
    "duckdb": "duckdb://",
    "psycopg": "postgresql+psycopg://127.0.0.1:9/a",
    "redis": "redis://127.0.0.1:9/0",
}
SYNC = ("duckdb", "psycopg", "redis")


def said(missing: str, url: str, side: str, **environment: str) -> str:
    """What a program prints that asks for a session."""
    command = [sys.executable, "-W", "error", "-c", PROGRAM, missing, url, side]
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


@pytest.mark.parametrize(
    ("driver", "side"),
    [(driver, "tasks") for driver in DRIVERS] + [(driver, "threads") for driver in SYNC],
)
def test_a_driver_that_is_missing_is_named(driver: str, side: str) -> None:
    """With the line that installs it."""
    text = said(driver, DRIVERS[driver], side)

    assert f"needs the module '{driver}', which is not installed" in text
    wanted = "psycopg[binary]>=3.2.11,<3.4" if driver == "psycopg" else f"sqlspec-{driver}>=1.0"
    assert f"'{wanted}'" in text.partition("Run: pip install")[2]


@pytest.mark.parametrize("side", ["tasks", "threads"])
def test_psycopg_without_a_libpq_says_what_to_install(side: str) -> None:
    """It is there, and can not be imported: an implementation that is missing stands for a missing libpq."""
    text = said("", DRIVERS["psycopg"], side, PSYCOPG_IMPL="c")

    assert "importing psycopg raised ImportError. Run: pip install 'psycopg[binary]>=3.2.11,<3.4'" in text


def test_an_applications_own_import_error_is_none_of_the_drivers() -> None:
    """A function that fetches the password fails to import something: the driver is well."""
    program = """
from sqlspec import Secret, SQLSpec
from sqlspec.adapters.postgresql import PostgreSQLConfig
from sqlspec.errors import ConnectError

def fetch():
    import nothing_of_this_name

spec = SQLSpec()
spec.register_config(PostgreSQLConfig(host="127.0.0.1", port=9, username="a", password=Secret(fetch)), "db")
try:
    with spec.provide_session("db"):
        pass
except ConnectError as error:
    print(type(error.__cause__).__name__)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout == "ModuleNotFoundError\n"
