"""A config as libpq's parameters."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from sqlspec.errors import InvalidConfigError
from sqlspec.plugin import default_ssl_mode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .config import PostgreSQLConfig

__all__ = ("check_files", "parameters")


def parameters(config: PostgreSQLConfig, password: str | None) -> dict[str, str]:
    """All that libpq is told. What is empty is left to its defaults."""
    hosts, ports = zip(*config.addresses, strict=True)
    named = {
        "host": ",".join(hosts),
        "port": ",".join(map(str, ports)),
        "user": config.username,
        "password": password,
        "dbname": config.database,
        "application_name": config.application_name,
        "target_session_attrs": config.target_session_attrs,
        # Our texts are UTF-8, whatever the server or the environment prefers.
        "client_encoding": "UTF8",
        # The driver warns of Kerberos that nobody asked for.
        "gssencmode": "disable",
        "options": _options(_settings(config)),
        **_tls(config, hosts),
    }
    return {name: value for name, value in named.items() if value}


def _settings(config: PostgreSQLConfig) -> Mapping[str, str]:
    """What a session starts with, and what RESET ALL returns to."""
    if config.read_only and not config.pgbouncer:  # PgBouncer refuses parameters that it does not know
        return {**config.server_settings, "default_transaction_read_only": "on"}
    return config.server_settings


def _options(settings: Mapping[str, str]) -> str:
    """As the server takes them apart: at blanks, unless a backslash stands before."""
    return " ".join(f"-c {name}={_escaped(value)}" for name, value in settings.items())


def _escaped(value: str) -> str:
    return "".join(f"\\{character}" if character in " \t\n\\" else character for character in value)


def _tls(config: PostgreSQLConfig, hosts: tuple[str, ...]) -> dict[str, str | None]:
    mode = config.ssl_mode or default_ssl_mode(hosts)
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
    """Name the field whose file is missing: libpq's own text is about something else."""
    for field in ("ssl_root_cert", "ssl_cert", "ssl_key"):
        path = getattr(config, field)
        if path is not None and not _is_there(path):
            raise InvalidConfigError(f"{field}: {path} does not exist", key=field)


def _is_there(path: str) -> bool:
    from pathlib import Path

    return Path(path).is_file()
