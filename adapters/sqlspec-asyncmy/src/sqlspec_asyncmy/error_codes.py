"""The numbers of the server's and the client's errors, each with the class that it means.

Sources: MariaDB's own list (`perror`, errmsg-utf8.txt of 10.11), the "Server Error Message Reference" of
MySQL 8.4, and the driver's constants. Most numbers say that the statement, a name or a value in it is wrong.
So that is the default for the numbers that were looked through, and circumstances are listed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlspec.errors import (
    AuthenticationError,
    CheckViolationError,
    ConnectError,
    DatabaseError,
    DeadlockError,
    DisconnectedError,
    ForeignKeyViolationError,
    LockTimeoutError,
    NotNullViolationError,
    OperationalError,
    QueryCancelledError,
    QueryTimeoutError,
    ReadOnlyError,
    SerializationError,
    StatementError,
    UniqueViolationError,
)
from sqlspec.plugin import error_for_sqlstate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ("CLIENT", "WORDS", "class_of")

WORDS: Final[Mapping[int, tuple[type[DatabaseError], str]]] = {
    1020: (SerializationError, "another transaction changed a row that this one had read; run it again"),
    1022: (UniqueViolationError, "two rows with one key"),
    1036: (ReadOnlyError, "the table is read-only"),
    1037: (OperationalError, "the server is out of memory"),
    1040: (
        ConnectError,
        "the server has no connection left; lower pool_size, or raise max_connections of the server",
    ),
    1044: (AuthenticationError, "the server refuses this user the database"),
    1045: (AuthenticationError, "the server refused the user name or the password"),
    1046: (StatementError, "no database is selected; name one in the config, or before the table"),
    # Of a Galera cluster: "WSREP has not yet prepared node for application use".
    1047: (DisconnectedError, "the server does not serve now: it has lost its cluster, or is joining one"),
    1048: (NotNullViolationError, "NULL in a column that takes none"),
    1049: (StatementError, "no such database"),
    1050: (StatementError, "the table exists already"),
    1051: (StatementError, "no such table"),
    1052: (StatementError, "the statement does not say of which table a column is"),
    1053: (DisconnectedError, "the server is shutting down"),
    1054: (StatementError, "no such column"),
    1062: (UniqueViolationError, "two rows with one key"),
    1064: (StatementError, "the SQL has a syntax error"),
    1129: (ConnectError, "the server blocks this host; an administrator runs FLUSH HOSTS"),
    1130: (AuthenticationError, "the server takes no connection from this host"),
    1136: (StatementError, "as many values as columns are needed in every row"),
    1146: (StatementError, "no such table"),
    1152: (DisconnectedError, "the server gave up the connection"),
    1153: (DisconnectedError, "the statement is larger than the server's max_allowed_packet"),
    1158: (DisconnectedError, "the server could not read from the network"),
    1159: (DisconnectedError, "the server waited too long for the network"),
    1160: (DisconnectedError, "the server could not write to the network"),
    1161: (DisconnectedError, "the server waited too long for the network"),
    # What a Galera cluster says when it parts during a COMMIT; others, when their log can not be written.
    1180: (DisconnectedError, "the server could not finish the COMMIT"),
    1184: (DisconnectedError, "the server gave up the connection"),
    1203: (
        ConnectError,
        "this user has no connection left; lower pool_size, or raise max_user_connections of the server",
    ),
    1205: (LockTimeoutError, "another transaction held a lock for longer than innodb_lock_wait_timeout"),
    1213: (DeadlockError, "the server broke a deadlock by giving up this transaction; run it again"),
    1216: (ForeignKeyViolationError, "a row refers to one that is not there"),
    1217: (ForeignKeyViolationError, "other rows refer to this one"),
    1226: (OperationalError, "this user is at one of the limits that the server sets"),
    1251: (AuthenticationError, "the server asks for an authentication that this driver does not know"),
    1264: (StatementError, "a value is out of its column's range"),
    1265: (StatementError, "a value is not of its column's type, or does not fit it"),
    1290: (ReadOnlyError, "the server's options do not permit this; most likely it is read-only"),
    1292: (StatementError, "a value is not of the type that is wanted"),
    1317: (QueryCancelledError, "the statement was interrupted"),
    1364: (NotNullViolationError, "a column without a default was left out"),
    1366: (StatementError, "a value is not of its column's type"),
    1396: (StatementError, "the account can not be changed like this"),
    1406: (StatementError, "a value is longer than its column"),
    1411: (StatementError, "a value is not of the type that is wanted"),
    1451: (ForeignKeyViolationError, "other rows refer to this one"),
    1452: (ForeignKeyViolationError, "a row refers to one that is not there"),
    1557: (ForeignKeyViolationError, "a row refers to one that is not there"),
    1586: (UniqueViolationError, "two rows with one key"),
    1698: (AuthenticationError, "the server refused the user name or the password"),
    1761: (UniqueViolationError, "two rows with one key, by way of a foreign key"),
    1762: (UniqueViolationError, "two rows with one key, by way of a foreign key"),
    1792: (ReadOnlyError, "a write in a read-only session"),
    1820: (AuthenticationError, "the password has expired"),
    1836: (ReadOnlyError, "the server is read-only"),
    1862: (AuthenticationError, "the password has expired"),
    1874: (ReadOnlyError, "InnoDB is read-only"),
    1906: (StatementError, "a value was given for a generated column"),
    1927: (DisconnectedError, "the connection was killed"),
    1969: (QueryTimeoutError, "the statement ran longer than max_statement_time"),
    2002: (ConnectError, "no server listens there"),
    2003: (ConnectError, "no server listens there"),
    2005: (ConnectError, "the host's name is not known"),
    2006: (DisconnectedError, "the connection is gone"),
    2013: (DisconnectedError, "the connection was lost"),
    2014: (DisconnectedError, "the connection is out of step"),
    2055: (DisconnectedError, "the connection was lost"),
    2059: (AuthenticationError, "the server asks for an authentication that this driver does not know"),
    2061: (AuthenticationError, "the authentication failed"),
    3024: (QueryTimeoutError, "the statement ran longer than max_execution_time"),
    3032: (DisconnectedError, "the server is in offline mode"),
    3101: (
        SerializationError,
        "another server of the group changed the same rows, so the transaction was rolled back; run it again",
    ),
    3105: (StatementError, "a value was given for a generated column"),
    3159: (AuthenticationError, "the server takes encrypted connections only"),
    3168: (DisconnectedError, "the server is not available"),
    **dict.fromkeys(
        # What the server refuses inside a transaction: a statement, and to set one of these variables.
        (1179, 1568, 1679, 1685, 1694, 1929, 1953),
        (StatementError, f"it can not be done inside a transaction: {StatementError.OUTSIDE_TRANSACTIONS}"),
    ),
    3572: (LockTimeoutError, "a row is locked, and NOWAIT was said"),
    3819: (CheckViolationError, "a CHECK constraint said no"),
    4025: (CheckViolationError, "a CHECK constraint said no"),
    4031: (DisconnectedError, "the server closed the connection: it was idle for too long"),
}
"""What is told in words."""
OTHERS: Final[Mapping[type[DatabaseError], str]] = {
    UniqueViolationError: "1169 1569 1859",
    NotNullViolationError: "1263",
    CheckViolationError: "1369",  # WITH CHECK OPTION
    DeadlockError: "1614 3058 3132",
    LockTimeoutError: "1613 1689 3133",
    SerializationError: "1412",  # "Table definition has changed, please retry transaction"
    QueryTimeoutError: "4192",
    DisconnectedError: "1080 1154-1157 1835",
    AuthenticationError: "1275 1873 2049 3118 3955 4150-4151",
    ConnectError: "1042-1043 1135 2001 2004 2007 2009 2012 2015-2019 2026 2037-2048 2058 2060",
    OperationalError: (
        # Files, disks and memory; tables that are broken or in use.
        "1004 1006 1009-1019 1021 1023-1028 1030 1032-1035 1038-1039 1041 1081 1098 1105 1114 1119 1165 "
        "1194-1195 1206 1257 1296-1297 1436 1457 1459 1461 1467 1501 1528-1529 1533 1558 1565 1602 1606 1612 "
        "1615 1637 1639 1682 1684 1696 1707 1712 1728 1799 1805 1810-1812 1814-1817 1877-1878 1931-1932 1939 "
        "1964 2008 3000 3002 3015 3019 3044 3170 3186 4060 4064 4067-4068 4075 4084 4087 4139 4145 4148 4173 "
        "4182 4185-4186 "
        # Shutdown, the binary log, replication, other servers; the event scheduler.
        "1077-1079 1150-1151 1181-1183 1186-1190 1196-1202 1218-1220 1236 1244 1254-1255 1340-1344 1371 1374 "
        "1376-1380 1383 1388-1389 1401-1402 1429-1430 1534-1536 1538 1541 1545 1570 1573 1577 1587 1590 "
        "1593-1597 1610 1622-1623 1627 1677-1678 1705 1743-1744 1750 1753-1756 1794 1802-1803 1806 1866 "
        "1871-1872 1875-1876 1936 1940-1942 1944 1946 1950 1952 3001 3017 3030 3092-3094 3100 "
        # Files, by the numbers of the server's library; 29, a file that is not there, is a wrong name.
        "1-28 30-99"
    ),
}
"""What is told in the server's words alone."""
SIGNALS: Final = frozenset({1642, 1643, 1644})
"""SIGNAL of the application's own, whose SQLSTATE tells more."""
LOOKED_THROUGH: Final = (range(29, 30), range(1000, 2000), range(3000, 4200))
"""All others of these say that the statement is wrong."""
CLIENT: Final = range(2000, 3000)
"""The client's numbers: all that is not in a table says that it has lost its place in the conversation."""


def _numbers(text: str) -> Iterator[int]:
    for part in text.split():
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


_CLASSES: Final[Mapping[int, type[DatabaseError]]] = {
    **{code: kind for kind, text in OTHERS.items() for code in _numbers(text)},
    **{code: kind for code, (kind, _) in WORDS.items()},
}


def class_of(code: int, sqlstate: str | None) -> type[DatabaseError]:
    """By the number, and by the SQLSTATE for one that is newer than the tables, or the application's."""
    if code in _CLASSES:
        return _CLASSES[code]
    if code in CLIENT:
        return DisconnectedError
    by_state = error_for_sqlstate(sqlstate)
    if code in SIGNALS and by_state is not DatabaseError:
        return by_state
    return StatementError if any(code in codes for codes in LOOKED_THROUGH) else by_state
