"""What a server's code says of the server: gone, a reader, or neither."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import (
    ConnectError,
    DatabaseError,
    DeadlockError,
    DisconnectedError,
    LockTimeoutError,
    OperationalError,
    QueryTimeoutError,
    ReadOnlyError,
    SerializationError,
)

from .sides import SIDES, Side

if TYPE_CHECKING:
    from sqlspec import SQLSpec

MYSQL: dict[int, type[DatabaseError]] = {
    1047: DisconnectedError,  # ER_UNKNOWN_COM_ERROR: a Galera node that is not ready
    1053: DisconnectedError,  # ER_SERVER_SHUTDOWN
    1080: DisconnectedError,  # ER_FORCING_CLOSE
    1152: DisconnectedError,  # ER_ABORTING_CONNECTION
    1158: DisconnectedError,  # ER_NET_READ_ERROR
    1180: DisconnectedError,  # ER_ERROR_DURING_COMMIT
    1184: DisconnectedError,  # ER_NEW_ABORTING_CONNECTION
    1927: DisconnectedError,  # ER_CONNECTION_KILLED
    3032: DisconnectedError,  # ER_SERVER_OFFLINE_MODE
    3168: DisconnectedError,  # ER_SERVER_ISNT_AVAILABLE
    4031: DisconnectedError,  # ER_CLIENT_INTERACTION_TIMEOUT
    1036: ReadOnlyError,  # ER_OPEN_AS_READONLY
    1290: ReadOnlyError,  # ER_OPTION_PREVENTS_STATEMENT
    1792: ReadOnlyError,  # ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
    1836: ReadOnlyError,  # ER_READ_ONLY_MODE
    1874: ReadOnlyError,  # ER_INNODB_READ_ONLY
    1205: LockTimeoutError,
    1213: DeadlockError,  # also of a Galera node whose rows another one changed
    1969: QueryTimeoutError,
    3100: OperationalError,  # ER_RUN_HOOK_ERROR: Group Replication rolled it back
    3101: SerializationError,  # ER_TRANSACTION_ROLLBACK_DURING_COMMIT: and may be tried again
}
POSTGRESQL: dict[str, type[DatabaseError]] = {
    "57P01": DisconnectedError,
    "57P02": DisconnectedError,
    "57P03": ConnectError,
    "57P04": DisconnectedError,
    "57P05": DisconnectedError,
    "25P03": DisconnectedError,
    "25P04": DisconnectedError,
    "08006": DisconnectedError,
    "25006": ReadOnlyError,
    "40001": SerializationError,
    "40P01": DeadlockError,
    "55P03": LockTimeoutError,
    "53200": OperationalError,
}
STATES = {1047: "08S01", 1053: "08S01", 1080: "08S01", 1152: "08S01", 3168: "08S01", 3101: "40000"}
"""SQLSTATEs as the servers have them, where that is not HY000."""

TABLES: dict[str, dict[Any, type[Exception]]] = {
    "asyncmy": {**MYSQL},
    "asyncpg": {**POSTGRESQL},
    "psycopg": {**POSTGRESQL},
}
CODES = [(side, code, kind) for side in SIDES for code, kind in TABLES.get(side.database.name, {}).items()]


def failing(side: Side, code: Any) -> str:
    """A statement that makes the server itself answer with this code, and go on."""
    if side.database.name == "asyncmy":
        signal = f"SIGNAL SQLSTATE '{STATES.get(code, 'HY000')}' SET MYSQL_ERRNO = {code}"
        return f"BEGIN NOT ATOMIC {signal}, MESSAGE_TEXT = 'no'; END"
    return f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END $$"


async def connection_of(side: Side, spec: SQLSpec) -> int:
    """Which connection a session gets."""
    name = "connection_id()" if side.database.name == "asyncmy" else "pg_backend_pid()"
    async with side.session(spec) as session:
        return int((await session.execute(f"SELECT {name}")).scalar())


@pytest.mark.parametrize(
    ("side", "code", "kind"), CODES, ids=[f"{side.name}-{code}" for side, code, _ in CODES], indirect=["side"]
)
async def test_a_code_tells_whether_the_server_is_to_be_left(
    side: Side, spec: SQLSpec, code: int | str, kind: type[DatabaseError]
) -> None:
    """One that is gone is not lent again; one that was refused a write is, for the server takes others."""
    first = await connection_of(side, spec)

    with pytest.raises(DatabaseError) as caught:
        async with side.session(spec, autocommit=True) as session:
            await session.execute(failing(side, code))

    assert type(caught.value) is kind
    assert caught.value.code == code
    assert (await connection_of(side, spec) == first) is not issubclass(kind, DisconnectedError)
