"""What a server is asked by its own command-line clients: the kit needs no driver."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlencode, urlsplit

from .errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("Address", "environment", "run_client")

TIMEOUT = 60.0


@dataclass(frozen=True)
class Address:
    """The parts of a URL that leads to a server."""

    host: str
    port: int
    user: str
    password: str
    database: str = ""
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    scheme: str = ""

    @classmethod
    def parse(cls, url: str, *, port: int) -> Address:
        """Take a URL apart; *port* is the one that it may leave out."""
        parts = urlsplit(url)
        options = [option.partition("=") for option in parts.query.split("&") if option]
        return cls(
            host=unquote(parts.hostname or "127.0.0.1"),
            port=parts.port or port,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            database=unquote(parts.path.removeprefix("/")),
            options={unquote(key): unquote(value) for key, _, value in options},
            scheme=parts.scheme,
        )

    def url(self) -> str:
        """The URL, with the password; a host that is a path is quoted."""
        who = f"{_quoted(self.user)}:{_quoted(self.password)}@" if self.user or self.password else ""
        host = f"[{self.host}]" if ":" in self.host else _quoted(self.host)
        options = f"?{urlencode(self.options, quote_via=quote)}" if self.options else ""
        return f"{self.scheme}://{who}{host}:{self.port}/{_quoted(self.database)}{options}"


def environment() -> dict[str, str]:
    """Nothing of the test run's own: PGDATA, MYSQL_HOME and their kind would get in the way."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def run_client(*command: str, text: str = "", secrets: Mapping[str, str] | None = None) -> str:
    """Run a client as ourselves; returns what it printed. *secrets* go by the environment, unseen."""
    done = subprocess.run(  # noqa: S603 - the kit's own words
        command,
        input=text,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        env={**environment(), **(secrets or {})},
        check=False,
    )
    if done.returncode != 0:
        raise ServerError(f"{command[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.removesuffix("\n")


def _quoted(text: str) -> str:
    return quote(text, safe="")
