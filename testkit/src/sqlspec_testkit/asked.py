"""What a skipped test asks its class for, with an example that can be typed."""

from __future__ import annotations

from typing import NoReturn

import pytest

__all__ = ("skip_without",)

WANTED = {
    "ender": (
        "a statement that fails once a row with id 1 is there, and takes the transaction along",
        'ender = "INSERT OR ROLLBACK INTO sqlspec_kit (id) VALUES (1)"',
    ),
    "deferred": (
        "statements that violate a deferred constraint, so that COMMIT fails",
        'deferred = ("INSERT INTO kit_child (parent) VALUES (99)",)',
    ),
    "slow": ("a statement that runs for ten seconds or more", 'slow = "SELECT pg_sleep(30)"'),
    "temporary": (
        "a statement that makes the temporary table sqlspec_kit_temporary",
        'temporary = "CREATE TEMPORARY TABLE sqlspec_kit_temporary (id INTEGER)"',
    ),
    "setting": (
        "a statement that changes a setting of the session, and one that selects it",
        'setting = ("SET work_mem = \'7MB\'", "SHOW work_mem")',
    ),
    "role": (
        "a statement that changes the user of the session, and one that selects it",
        'role = ("SET ROLE pg_monitor", "SELECT current_user")',
    ),
    "lock": (
        "a statement that takes a lock of the session, and one that counts such locks",
        "lock = (\"SELECT get_lock('kit', 0)\", \"SELECT is_used_lock('kit') IS NOT NULL\")",
    ),
    "connections": (
        "a statement that counts the connections to the database",
        'connections = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"',
    ),
    "kill": (
        "a statement that ends all connections to the database but its own",
        'kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"',
    ),
    "generated_key": (
        "what makes a column of CREATE TABLE a key that the database numbers itself",
        'generated_key = "INTEGER PRIMARY KEY"',
    ),
    "broken_configs": (
        "configs that lead to no connection, by the class of the error",
        "return {AuthenticationError: MyConfig(password='c4n4ry')}",
    ),
    "silent_config": (
        "the config of a server on this port of 127.0.0.1 that accepts and says nothing",
        "return MyConfig(host='127.0.0.1', port=port, connect_timeout=1)",
    ),
}
"""What each attribute is, and an example. A test compares the names with those of `AdapterTests`."""


def skip_without(owner: object, name: str) -> NoReturn:
    """Skip the test: *owner* does not give *name*."""
    what, example = WANTED[name]
    pytest.skip(f"{type(owner).__name__}.{name} is not given. Give {what}, for example: {example}")
