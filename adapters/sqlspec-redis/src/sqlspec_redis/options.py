"""What both sides of the driver are told of a config."""

from __future__ import annotations

from functools import cache, partial
from inspect import signature
from typing import TYPE_CHECKING, Any

import msgspec
import redis
from redis.credentials import CredentialProvider

from .codec import encode_json

if TYPE_CHECKING:
    import ssl

    from sqlspec.plugin import Resources

    from .codec import Encode
    from .config import RedisConfig

__all__ = ("Terms", "check_alive", "connection_options", "kept_terms", "pool_options")


class Terms(msgspec.Struct, frozen=True, eq=False):
    """How connections of a pool differ from redis-py's own."""

    encode: Encode | None
    tls: ssl.SSLContext | None
    address: tuple[str, int]

    @property
    def server_name(self) -> str:
        """Whom the certificate has to name."""
        return self.address[0]


class Credentials(CredentialProvider):
    """Asks the config at every connect, so that a rotated password reaches the next connection."""

    def __init__(self, config: RedisConfig) -> None:
        self._config = config

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        """The password alone, as servers before 6.0 want it, or the user's name and the password."""
        return self._credentials(self._config.reveal_password())

    async def get_credentials_async(self) -> tuple[str] | tuple[str, str]:
        """The same, without holding up the event loop."""
        return self._credentials(await self._config.areveal_password())

    def _credentials(self, password: str | None) -> tuple[str] | tuple[str, str]:
        username = self._config.username
        return (password or "",) if username is None else (username, password or "")


def kept_terms(config: RedisConfig, resources: Resources) -> Terms:
    """The same for all connections of a database; read when the first of them is opened."""
    return resources.get("terms", partial(_terms_of, config), _keep_nothing)


def _keep_nothing(_: Terms) -> None:
    """Nothing is left to close."""


def _terms_of(config: RedisConfig) -> Terms:
    """Read certificates, and choose the codec; raises `InvalidConfigError` for files that are no use."""
    return Terms(encode_json if config.codec == "json" else None, config.tls(), (config.host, config.port))


def connection_options(config: RedisConfig, terms: Terms) -> dict[str, Any]:
    """What a connection is made with. The password is not among it: others may print this."""
    options: dict[str, Any] = {
        "terms": terms,
        "db": config.database,
        "socket_timeout": config.reply_timeout,
        "socket_connect_timeout": config.connect_timeout,
        "decode_responses": config.decode_responses,
        "client_name": config.client_name,
    }
    if config.socket_path is not None:
        options["path"] = config.socket_path
    else:
        keepalive = config.tcp_keepalive
        options |= {"host": config.host, "port": config.port, "socket_keepalive": keepalive is not None}
        options["socket_keepalive_options"] = {} if keepalive is None else keepalive.options()
    if config.protocol is not None:
        options["protocol"] = config.protocol
    if config.username is not None or config.password is not None:
        options["credential_provider"] = Credentials(config)
    return options


@cache
def pool_options(pool_class: type[Any]) -> dict[str, Any]:
    """What redis-py's pool is told besides: no notices of maintenance, which would come unasked."""
    if "maint_notifications_config" not in signature(pool_class.__init__).parameters:
        return {}
    from redis.maint_notifications import MaintNotificationsConfig

    return {"maint_notifications_config": MaintNotificationsConfig(enabled=False)}


def check_alive(*, is_over: bool) -> None:
    """What outlived its session must not open a connection that belongs to no session."""
    if is_over:
        raise redis.ConnectionError("the session that borrowed this connection has ended")
