"""What to ask a server, by the dialect of its SQL."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ("QUESTIONS", "Questions")


class Questions(NamedTuple):
    """One statement for each; empty: there is no such thing."""

    version: str
    clock: str = ""
    """Seconds since 1970, as the server's clock has it."""
    tls: str = ""
    """One text, empty if the connection is not encrypted."""
    most_connections: str = ""


QUESTIONS = {
    "postgresql": Questions(
        version="SELECT current_setting('server_version')",
        clock="SELECT extract(epoch FROM clock_timestamp())::float8",
        tls="SELECT coalesce((SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl), '')",
        most_connections="SELECT current_setting('max_connections')::int4",
    ),
    "mysql": Questions(
        version="SELECT version()",
        clock="SELECT CAST(unix_timestamp(sysdate(6)) AS DOUBLE)",
        tls=(
            "SELECT VARIABLE_VALUE FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'SSL_VERSION'"
        ),
        most_connections="SELECT @@max_connections",
    ),
    "duckdb": Questions(version="SELECT version()"),
    "sqlite": Questions(version="SELECT sqlite_version()"),
}
