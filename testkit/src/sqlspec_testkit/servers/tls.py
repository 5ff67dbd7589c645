"""Certificates for the occasion, by the openssl program."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ("Authority", "Certificate")

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc")
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Certificate:
    """Two PEM files."""

    path: Path
    key: Path


class Authority:
    """A certificate authority that nobody knows: `sslrootcert=authority.path` trusts it.

    Lives as long as the folder it is made in. Makes further certificates: for other names, or for clients.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.path = folder / "ca.pem"
        """Its own certificate."""
        self._folder, self._key = folder, folder / "ca.key"
        _openssl(
            "req", "-x509", *KEY, "-days", "2", "-subj", "/CN=sqlspec testkit CA",
            *("-keyout", str(self._key), "-out", str(self.path)),
        )  # fmt: skip

    def issue(self, name: str, hosts: Sequence[str] = LOOPBACK) -> Certificate:
        """A certificate of that common name for those hosts, as NAME.pem and NAME.key of the folder."""
        made = Certificate(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        names = ",".join(f"{'IP' if _is_address(host) else 'DNS'}:{host}" for host in hosts)
        _openssl(
            "req", "-x509", *KEY, "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName={names}",
            *("-CA", str(self.path), "-CAkey", str(self._key)),
            *("-addext", "basicConstraints=critical,CA:FALSE"),
            *("-keyout", str(made.key), "-out", str(made.path)),
        )  # fmt: skip
        return made


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdecimal()


def _openssl(*arguments: str) -> None:
    if (program := shutil.which("openssl")) is None:
        raise ServerError("openssl not found. On Debian or Ubuntu: sudo apt-get install openssl")
    command = [program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the kit's own words
    if done.returncode != 0:
        raise ServerError(f"openssl {arguments[0]} failed:\n{done.stderr}")
