"""A catalogue behind TLS: trusted, or not asked."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from sqlspec.adapters.postgresql import PostgreSQLConfig
from sqlspec.errors import ConfigSourceError, InvalidArgumentError
from sqlspec_testkit.servers.tls import Authority
from tests.registry.watching.source import until

from .consul import ConsulStub, instance

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlspec import SQLSpec

TEMPLATE = PostgreSQLConfig(username="shop")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Who signed the catalogue's certificate."""
    return Authority(tmp_path / "tls")


@pytest.fixture
def encrypted(authority: Authority, spec: SQLSpec) -> Iterator[ConsulStub]:
    """A catalogue that speaks TLS."""
    made = authority.issue("server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.path, made.key)
    with ConsulStub(tls=context) as stub:
        stub.put("db", instance(5001))
        yield stub
        spec.close()


def test_a_certificate_that_is_trusted(spec: SQLSpec, encrypted: ConsulStub, authority: Authority) -> None:
    """By the context that is passed; what is waited for is encrypted as well."""
    trust = ssl.create_default_context(cafile=str(authority.path))
    spec.register_from_consul("db", template=TEMPLATE, address=encrypted.address, tls=trust)
    spec.watch()
    until(lambda: encrypted.held)

    encrypted.put("db", instance(5002))

    until(lambda: spec.get_config("db") == TEMPLATE.merge({"host": "127.0.0.1", "port": 5002}))
    # asyncio forgets to close what is cancelled between its connecting and its handshake.
    until(lambda: encrypted.held)


def test_a_certificate_that_nobody_trusts(spec: SQLSpec, encrypted: ConsulStub) -> None:
    """Nothing is asked, and no token is sent."""
    with pytest.raises(ConfigSourceError, match=r"consul db: can not be reached: .*certificate"):
        spec.register_from_consul("db", template=TEMPLATE, address=encrypted.address, token="t0ken")

    assert encrypted.requests == []


def test_a_context_for_plain_text_is_refused(spec: SQLSpec, consul: ConsulStub) -> None:
    """Who passes one believes that the token is encrypted."""
    trust = ssl.create_default_context()

    with pytest.raises(InvalidArgumentError, match="tls= goes with an address that begins with https://"):
        spec.register_from_consul("db", template=TEMPLATE, address=consul.address, tls=trust)
