"""Encrypted connections, alike on every network adapter.

The words are libpq's, less `allow` and `prefer`: those two fall back to plain text in silence.

| ssl_mode | encrypted | certificate checked | host's name checked |
|---|---|---|---|
| disable | no | | |
| require | yes | no | no |
| verify-ca | yes | yes | no |
| verify-full | yes | yes | yes |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from sqlspec.config import Secret
from sqlspec.errors import InvalidConfigError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable
    from ipaddress import IPv4Address, IPv6Address

__all__ = (
    "OTHER_HOST",
    "PLAIN_TEXT_ONLY",
    "TLS_ONLY",
    "UNTRUSTED",
    "SSLMode",
    "default_ssl_mode",
    "tls_context",
    "tls_problem",
)

PLAIN_TEXT_ONLY = "the server does not take encrypted connections; plain text is ssl_mode='disable'"
TLS_ONLY = "if it takes encrypted connections only, write ssl_mode='require'"
UNTRUSTED = "the server's certificate is not trusted; name its authority's file as ssl_root_cert"
OTHER_HOST = "the server's certificate is not for this host"
_HOST_MISMATCHES = (62, 64)  # OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")
"""What OpenSSL calls an answer in plain text."""

SSLMode: TypeAlias = Literal["disable", "require", "verify-ca", "verify-full"]


def default_ssl_mode(hosts: Iterable[str | None]) -> SSLMode:
    """What a config that does not say `ssl_mode` means: plain text only where it does not leave the machine.

    A host is a name, an address, the path of a socket, or None for the driver's own default, which is local.
    """
    return "disable" if all(map(_is_local, hosts)) else "require"


def _is_local(host: str | None) -> bool:
    if not host or host.startswith(("/", "@")) or host == "localhost":
        return True
    address = ip_of(host.strip("[]"))
    return address is not None and address.is_loopback  # who knows where a name leads


def ip_of(host: str) -> IPv4Address | IPv6Address | None:
    """The address that *host* is; None for a name."""
    from ipaddress import ip_address

    try:
        return ip_address(host)
    except ValueError as exc:
        _let_through(exc)
        return None


def _let_through(exc: Exception) -> None:
    """Raise what a signal's handler raised."""
    from sqlspec.concurrency.interruptions import is_interruption

    if is_interruption(exc):
        raise exc


def tls_context(
    mode: SSLMode,
    *,
    root_cert: str | None = None,
    cert: str | None = None,
    key: str | None = None,
    key_password: Secret | None = None,
) -> ssl.SSLContext | None:
    """The context for *mode*; None for `disable`. The paths are of PEM files; *key_password* opens the key.

    Certificates are checked against those of *root_cert* alone, or without it against the system's.

    Raises `InvalidConfigError` for a file that can not be used; its text holds no content of it.
    """
    if mode == "disable":
        return None
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Debian's Python leaves the oldest version to OpenSSL's settings. A stricter one of theirs stays.
    context.minimum_version = max(context.minimum_version, ssl.TLSVersion.TLSv1_2)
    context.check_hostname = mode == "verify-full"
    context.verify_mode = ssl.CERT_NONE if mode == "require" else ssl.CERT_REQUIRED
    if root_cert is not None:
        _load("ssl_root_cert", root_cert, lambda: context.load_verify_locations(root_cert))
    elif mode != "require":
        context.load_default_certs()
    if cert is not None:
        # Without a password an encrypted key would have OpenSSL ask for it on the terminal.
        secret = key_password or Secret("")
        _load("ssl_cert", cert, lambda: context.load_cert_chain(cert, key, password=secret.reveal()), key)
    return context


def tls_problem(exc: BaseException) -> str | None:
    """What a connect failed for that met an error of TLS, with what to write; None if it met none."""
    import ssl

    found: BaseException | None = exc
    while found is not None and not isinstance(found, ssl.SSLError):
        found = found.__cause__ or found.__context__
    if found is None:
        return None
    if isinstance(found, ssl.SSLCertVerificationError):
        return OTHER_HOST if found.verify_code in _HOST_MISMATCHES else UNTRUSTED
    if found.reason in _NO_TLS:
        return PLAIN_TEXT_ONLY
    return f"the server and we do not agree on TLS ({found.reason or type(found).__name__})"


def _is_encrypted(path: str) -> bool:
    """Whether a PEM file says that its key has a password."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib is not needed otherwise
            return b"ENCRYPTED" in file.read(65_536)
    except OSError as exc:
        _let_through(exc)
        return False


def _load(field: str, path: str, load: Callable[[], object], key: str | None = None) -> None:
    try:
        load()
    except (OSError, ValueError) as exc:  # ssl.SSLError is an OSError
        _let_through(exc)
        if _is_encrypted(key or path):
            reason = f"{key or path} is encrypted, and not opened by ssl_key_password"
            raise InvalidConfigError(f"ssl_key_password: {reason}", key="ssl_key_password") from None
        why = "does not exist" if isinstance(exc, FileNotFoundError) else "is not a PEM file that can be used"
        raise InvalidConfigError(f"{field}: {path} {why}", key=field) from None
