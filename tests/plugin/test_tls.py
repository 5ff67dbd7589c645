"""What `ssl_mode` means, the same for every adapter on a network."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import InvalidConfigError
from sqlspec.plugin import SSLMode, tls_context
from sqlspec.plugin.tls import default_ssl_mode

if TYPE_CHECKING:
    from pathlib import Path

LOCAL: list[list[str | None]] = [
    [],
    [None],
    ["localhost"],
    ["127.0.0.1"],
    ["127.8.8.8"],
    ["::1"],
    ["[::1]"],
    ["/run/postgresql"],
    ["@abstract"],
    ["localhost", "/tmp"],  # noqa: S108 - a name, not a file
]
REMOTE = [["db"], ["10.0.0.1"], ["localhost.example"], ["127.0.0.1", "db"], ["::2"], ["fe80::1%eth0"]]


@pytest.mark.parametrize("hosts", LOCAL, ids=repr)
def test_what_stays_on_the_machine_needs_no_encryption(hosts: list[str | None]) -> None:
    """Sockets and loopback addresses."""
    assert default_ssl_mode(hosts) == "disable"


@pytest.mark.parametrize("hosts", REMOTE, ids=repr)
def test_what_leaves_the_machine_is_encrypted(hosts: list[str]) -> None:
    """One host that may be elsewhere is enough."""
    assert default_ssl_mode(hosts) == "require"


@pytest.mark.parametrize(
    ("mode", "checks_certificate", "checks_name"),
    [("require", False, False), ("verify-ca", True, False), ("verify-full", True, True)],
)
def test_a_mode_checks_what_libpq_checks(mode: SSLMode, checks_certificate: bool, checks_name: bool) -> None:
    """The words are libpq's, and so is what they mean."""
    context = tls_context(mode)

    assert context is not None
    assert (context.verify_mode is ssl.CERT_REQUIRED) is checks_certificate
    assert context.check_hostname is checks_name
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_disabled_has_no_context() -> None:
    """Drivers take None for plain text."""
    assert tls_context("disable") is None


@pytest.mark.parametrize("field", ["root_cert", "cert"])
def test_a_file_that_is_not_there_is_named(field: str, tmp_path: Path) -> None:
    """With the field's name in the config."""
    wrong: Any = {field: str(tmp_path / "missing.pem")}

    with pytest.raises(InvalidConfigError, match=rf"ssl_{field}: .*missing\.pem does not exist"):
        tls_context("verify-full", **wrong)


@pytest.mark.parametrize("field", ["root_cert", "cert"])
def test_a_file_that_is_no_certificate_is_named_and_not_shown(field: str, tmp_path: Path) -> None:
    """It may be the wrong file, and a secret one."""
    path = tmp_path / "wrong.pem"
    path.write_text("canary-secret")
    wrong: Any = {field: str(path)}

    with pytest.raises(InvalidConfigError, match=r"wrong\.pem is not a PEM file") as caught:
        tls_context("require", **wrong)

    assert "canary" not in repr(caught.value) + str(caught.value.__cause__)
