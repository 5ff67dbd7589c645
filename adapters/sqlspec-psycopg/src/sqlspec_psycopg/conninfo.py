"""A config as libpq's parameters."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from psycopg.conninfo import make_conninfo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlspec import Secret
    from sqlspec.plugin.network import Turn

    from .config import PostgreSQLConfig

__all__ = ("check_files", "conninfo", "parameters")


def conninfo(attempt: Mapping[str, Any], password: Secret | None, key_password: Secret | None) -> str:
    """All that libpq is told, with the passwords, which no variable holds: tracebacks would show them."""
    return make_conninfo("", **attempt, password=_revealed(password), sslpassword=_revealed(key_password))


def _revealed(secret: Secret | None) -> str | None:
    return None if secret is None else secret.reveal() or None


def parameters(config: PostgreSQLConfig, turn: Turn) -> dict[str, str]:
    """All that libpq is told but the passwords. What is empty is left to its defaults."""
    host, port = turn.host.address
    named = {
        "host": host,
        "port": str(port),
        "user": config.username,
        "dbname": config.database,
        "application_name": config.application_name,
        "target_session_attrs": turn.attrs,
        # Our texts are UTF-8, whatever the server or the environment prefers.
        "client_encoding": "UTF8",
        # The driver warns of Kerberos that nobody asked for.
        "gssencmode": "disable",
        "options": _options(config.session_settings),
        **_keepalive(config),
        **_tls(config),
    }
    return {name: value for name, value in named.items() if value}


def _options(settings: Mapping[str, str]) -> str:
    """As the server takes them apart: at blanks, unless a backslash stands before."""
    return " ".join(f"-c {name}={_escaped(value)}" for name, value in settings.items())


def _escaped(value: str) -> str:
    return "".join(f"\\{character}" if character in " \t\n\\" else character for character in value)


def _keepalive(config: PostgreSQLConfig) -> dict[str, str]:
    wanted = config.tcp_keepalive
    if wanted is None:
        return {"keepalives": "0"}
    return {
        "keepalives": "1",
        "keepalives_idle": str(wanted.idle),
        "keepalives_interval": str(wanted.interval),
        "keepalives_count": str(wanted.probes),
    }


def _tls(config: PostgreSQLConfig) -> dict[str, str | None]:
    mode = config.effective_ssl_mode
    if mode == "disable":
        return {"sslmode": mode}
    return {
        "sslmode": mode,
        # Told where to find a root certificate, libpq would check it although the mode says not to.
        "sslrootcert": None if mode == "require" else config.ssl_root_cert or _system_roots(config),
        "sslcert": config.ssl_cert,
        "sslkey": config.ssl_key,
    }


def _system_roots(config: PostgreSQLConfig) -> str:
    """The file that Python trusts: the word "system" is not known to every libpq."""
    found = ssl.get_default_verify_paths().cafile
    if not found:
        message = "this system has no file of trusted certificates; say where one is"
        raise config.invalid("ssl_root_cert", message)
    return found


def check_files(config: PostgreSQLConfig) -> None:
    """Raise `InvalidConfigError` for a file that is of no use: libpq's own text is about something else."""
    if any((config.ssl_root_cert, config.ssl_cert, config.ssl_key)):
        config.tls()
