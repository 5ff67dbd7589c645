"""The four words of `ssl_mode` mean the same by either adapter."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import errors
from sqlspec_testkit.servers import Authority, PostgreSQLServer

from .sides import door_to

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .sides import Home, Side

IS_ENCRYPTED = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
# Mode, whose certificates are trusted, whether the server's is for its host, and whether what comes of it is
# encrypted; None if it is refused.
MODES: list[tuple[str, str, bool, bool | None]] = [
    ("disable", "nobody's", True, False),
    ("require", "nobody's", True, True),
    ("require", "a stranger's", True, True),
    ("require", "nobody's", False, True),
    ("verify-ca", "its own", True, True),
    ("verify-ca", "its own", False, True),
    ("verify-ca", "a stranger's", True, None),
    ("verify-ca", "nobody's", True, None),
    ("verify-full", "its own", True, True),
    ("verify-full", "its own", False, None),
    ("verify-full", "a stranger's", True, None),
    ("verify-full", "nobody's", True, None),
]


@pytest.fixture(scope="module")
def server(prepared_postgresql_server: PostgreSQLServer) -> Iterator[PostgreSQLServer]:
    """With a certificate for this machine, by an authority of its own."""
    with PostgreSQLServer(copy_of=prepared_postgresql_server, tls=True) as server:
        yield server


@pytest.fixture(scope="module")
def elsewhere(prepared_postgresql_server: PostgreSQLServer) -> Iterator[PostgreSQLServer]:
    """The same, but its certificate is for another host."""
    with PostgreSQLServer(copy_of=prepared_postgresql_server, tls=True) as server:
        assert server.authority is not None
        server.authority.issue("server", ["elsewhere.example"])
        server.restart()
        yield server


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate of an authority that has signed nothing here."""
    return Authority(tmp_path_factory.mktemp("stranger")).path


@pytest.mark.parametrize(
    ("mode", "trusted", "is_here", "expected"),
    MODES,
    ids=[f"{a}, {b}, {'this' if c else 'another'} host" for a, b, c, _ in MODES],
)
async def test_g34_a_mode_is_never_downgraded(
    side: Side,
    server: PostgreSQLServer,
    elsewhere: PostgreSQLServer,
    *,
    stranger: Path,
    mode: str,
    trusted: str,
    is_here: bool,
    expected: bool | None,
) -> None:
    """What can not be checked is refused; what need not be checked is encrypted all the same."""
    target = server if is_here else elsewhere
    assert target.authority is not None
    roots = {"its own": target.authority.path, "a stranger's": stranger}
    options: dict[str, Any] = {"ssl_root_cert": str(roots[trusted])} if trusted in roots else {}
    async with door_to(side, target.url(options={"ssl_mode": mode}), **options) as door:
        if expected is None:
            with pytest.raises(errors.ConnectError):
                await door.value(IS_ENCRYPTED)
        else:
            assert await door.value(IS_ENCRYPTED) is expected


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
async def test_g34_a_server_without_tls_is_refused(
    side: Side, home: Home, server: PostgreSQLServer, mode: Any
) -> None:
    """It would take the password in plain text."""
    assert server.authority is not None
    options = {} if mode == "require" else {"ssl_root_cert": str(server.authority.path)}
    async with door_to(side, home.url(), ssl_mode=mode, **options) as door:
        with pytest.raises(errors.ConnectError, match="disable"):
            await door.value("SELECT 1")


@pytest.fixture(scope="module")
def strict(prepared_postgresql_server: PostgreSQLServer) -> Iterator[PostgreSQLServer]:
    """One that takes nobody without TLS, and the role `guest` not without a certificate."""
    prepared, rules = (
        prepared_postgresql_server,
        ("hostssl all guest all scram-sha-256 clientcert=verify-ca",),
    )
    with PostgreSQLServer(copy_of=prepared, tls=True, hba=(*rules, "hostnossl all all all reject")) as strict:
        strict.sql("CREATE ROLE guest LOGIN PASSWORD 'guest'")
        yield strict


async def test_g34_a_server_that_insists_on_tls_is_not_reached_without(
    side: Side, strict: PostgreSQLServer
) -> None:
    """Within the machine `disable` is the default; nothing is tried beyond what was said."""
    async with door_to(side, strict.url()) as door:
        with pytest.raises(errors.ConnectError):
            await door.value("SELECT 1")
    async with door_to(side, strict.url(), ssl_mode="require") as door:
        assert await door.value(IS_ENCRYPTED) is True


def lock(key: Path, locked: Path) -> None:
    """Encrypt a key."""
    command = ["openssl", "pkey", "-aes256", "-passout", "pass:open sesame", "-in", str(key)]
    subprocess.run([*command, "-out", str(locked)], check=True, capture_output=True)
    locked.chmod(0o600)


async def test_a_certificate_of_our_own_is_shown(
    side: Side, strict: PostgreSQLServer, tmp_path: Path
) -> None:
    """To a server that asks for one; without it we are not let in."""
    assert strict.authority is not None
    issued = strict.authority.issue(f"client-{tmp_path.name}")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    for copy, original in ((cert, issued.path), (key, issued.key)):
        copy.write_bytes(original.read_bytes())
        copy.chmod(0o600)
    url = strict.url(user="guest", password="guest")

    async with door_to(side, url, ssl_mode="require") as door:
        with pytest.raises(errors.ConnectError):
            await door.value("SELECT 1")
    async with door_to(side, url, ssl_mode="require", ssl_cert=str(cert), ssl_key=str(key)) as door:
        assert await door.value(IS_ENCRYPTED) is True
    locked = tmp_path / "locked.pem"
    lock(key, locked)
    with_password: dict[str, Any] = {"ssl_key": str(locked), "ssl_key_password": "open sesame"}
    async with door_to(side, url, ssl_mode="require", ssl_cert=str(cert), **with_password) as door:
        assert await door.value(IS_ENCRYPTED) is True


@pytest.mark.parametrize("mode", ["prefer", "allow", "verify_full"])
def test_g34_modes_that_may_end_in_plain_text_are_refused(side: Side, mode: str) -> None:
    """By name, with the nearest that is meant."""
    with pytest.raises(errors.ConfigError, match="ssl_mode"):
        side.config(f"postgresql://host/db?ssl_mode={mode}")


async def test_g34_another_machine_is_not_talked_to_in_plain_text(side: Side, home: Home) -> None:
    """Unless somebody says so: a host that is not this machine's loopback gets `require`."""
    url = home.url().replace("127.0.0.1", "0.0.0.0")  # noqa: S104 - this machine, by no loopback name
    async with door_to(side, url) as door:
        with pytest.raises(errors.ConnectError, match="disable"):
            await door.value("SELECT 1")
