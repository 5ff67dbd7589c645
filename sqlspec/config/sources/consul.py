"""Consul as a source: the healthy instances of a service, by blocking queries.

A query names the index of the last answer, and Consul holds its answer back until there is a newer one. The
rules for the index are Consul's own: begin anew when it goes back, and never trust 0.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlencode

from sqlspec.config.sources.http import OK, Endpoint, check_seconds
from sqlspec.config.sources.placing import check_template, where
from sqlspec.config.sources.source import SourceTables
from sqlspec.config.sources.watched import WatchedSource
from sqlspec.errors import ConfigEntryError, InvalidArgumentError

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from sqlspec.config.secret import Secret
    from sqlspec.config.sources.placing import AnyConfig

CONSUL = "consul"
LARGEST_PORT = 65_535
PAUSE = 1.0
"""Seconds to wait after an answer without news that was not held back, as it should have been."""
pause = asyncio.sleep
STATUSES = {
    301: "it stands behind a redirect; give the address that it leads to",
    400: "it does not take the query; is the datacenter known to it?",
    403: "pass token=Secret(…), of a token with service:read and node:read",
    404: "there is no Consul at this address",
    500: "it has no leader, or does not know the datacenter",
}


class Consul:
    """A Consul agent, and how it is asked."""

    def __init__(
        self,
        address: str,
        *,
        token: Secret | None,
        tag: str | None,
        datacenter: str | None,
        stale: bool,
        tls: ssl.SSLContext | None,
        timeout: float,
        wait: float,
    ) -> None:
        self._address, self._tls, self._timeout, self._wait = address, tls, timeout, wait
        self._token = token
        said = {"passing": "1", "dc": datacenter, "tag": tag, "stale": "1" if stale else None}
        self._query = {key: value for key, value in said.items() if value is not None}
        check_seconds(wait=wait)
        self.endpoint(CONSUL)  # says what is wrong with the address

    def endpoint(self, place: str) -> Endpoint:
        """Where it answers."""
        return Endpoint(self._address, tls=self._tls, timeout=self._timeout, place=place)

    async def instances(self, endpoint: Endpoint, service: str, index: int) -> tuple[int, Any]:
        """The next index, and the healthy instances of a service; waits for news after *index*."""
        query = dict(self._query)
        if index:
            query |= {"index": str(index), "wait": f"{self._wait * 1000:.0f}ms"}
        target = f"/v1/health/service/{quote(service, safe='')}?{urlencode(query)}"
        # Consul adds up to a sixteenth, so that its clients do not come back all at once.
        patience = self._wait * 17 / 16 if index else 0.0
        async with endpoint.ask(target, secret=("X-Consul-Token", self._token), patience=patience) as answer:
            if answer.status != OK:
                raise endpoint.refused(answer.status, STATUSES)
            text = answer.headers.get("x-consul-index", "")
            newest = int(text) if text.isascii() and text.isdigit() else 0
            # 1 waits for news, too; 0 would be answered at once for ever.
            return max(newest, 1), await answer.json()


class ConsulSource(WatchedSource):
    """One service, as one database."""

    def __init__(
        self, consul: Consul, service: str, template: AnyConfig, *, name: str, fields: Mapping[str, str]
    ) -> None:
        self.name = f"{CONSUL} {service}"
        self._consul, self._service = consul, service
        self._template, self._database, self._fields = template, name, fields
        self._endpoint = consul.endpoint(self.name)
        self._chosen: tuple[str, int] | None = None

    async def watch(self) -> AsyncGenerator[SourceTables, None]:
        """Its healthy instances, whenever Consul has news of it."""
        loop, index = asyncio.get_running_loop(), 0
        while True:
            asked = loop.time()
            newest, found = await self._consul.instances(self._endpoint, self._service, index)
            yield self._tables(found)
            if newest <= index and loop.time() - asked < PAUSE:
                await pause(PAUSE)
            index = 0 if newest < index else newest

    def _tables(self, found: Any) -> SourceTables:
        """What the instances mean, or why they mean nothing."""
        try:
            options = self._options(_instances(found))
        except _UnusableError as exc:
            error = ConfigEntryError(str(exc), place=self.name)
            return SourceTables(errors=[error])
        return SourceTables(
            databases={self._database: options},
            config_types={self._database: type(self._template)},
            bases={self._database: self._template},
            places={(): self.name},
            all_text=True,
        )

    def _options(self, instances: list[Instance]) -> dict[str, Any]:
        # In an order of their own: Consul's changes with each answer.
        addresses = sorted({instance.address for instance in instances})
        if self._chosen in addresses:
            # Where one server is all that a config can name, it is the same as long as it is healthy.
            addresses.insert(0, addresses.pop(addresses.index(self._chosen)))
        options = where(self._template, addresses)
        self._chosen = addresses[0] if "host" in options else None
        return options | {field: _agreed(instances, key) for field, key in self._fields.items()}


class Instance(NamedTuple):
    """A server that offers the service."""

    address: tuple[str, int]
    metadata: Mapping[str, Any]


class _UnusableError(Exception):
    """Why an answer makes no config. It never leaves this file."""


def _instances(found: Any) -> list[Instance]:
    if not isinstance(found, list):
        raise _UnusableError("the answer is no list of instances")
    if not found:
        raise _UnusableError("no instance is healthy")
    return [_instance(entry) for entry in found]


def _instance(entry: Any) -> Instance:
    """What stands in an entry, which may be anything. A service without an address has its node's."""
    node, service = (entry.get(key) if isinstance(entry, dict) else None for key in ("Node", "Service"))
    if not isinstance(node, dict) or not isinstance(service, dict):
        raise _UnusableError("an instance has no Node, or no Service")
    host, port = service.get("Address") or node.get("Address"), service.get("Port")
    if not isinstance(host, str) or not host or host.startswith(("/", "@")):
        raise _UnusableError("an instance has no address")
    if type(port) is not int or not 0 < port <= LARGEST_PORT:
        raise _UnusableError(f"an instance has no port from 1 to {LARGEST_PORT}")
    metadata = service.get("Meta")
    return Instance((host, port), metadata if isinstance(metadata, dict) else {})


def _agreed(instances: list[Instance], key: str) -> str:
    """What the metadata of all instances say."""
    values = [instance.metadata.get(key) for instance in instances]
    if not isinstance(values[0], str):
        raise _UnusableError(f"the metadata of an instance have no {key!r}")
    if any(value != values[0] for value in values):
        raise _UnusableError(f"the metadata of its instances do not agree about {key!r}")
    return values[0]


def consul_sources(
    consul: Consul,
    services: Sequence[str],
    template: AnyConfig,
    *,
    name: str | None,
    fields: Mapping[str, str],
) -> list[ConsulSource]:
    """A source for each service."""
    if not services or not all(services):
        raise InvalidArgumentError(
            'which service? Give the name of at least one: register_from_consul("db", …)'
        )
    if name is not None and len(services) > 1:
        raise InvalidArgumentError("name= is for one service; several are registered under their own names")
    check_template(template, fields)
    return [
        ConsulSource(consul, service, template, name=name or service, fields=fields)
        for service in dict.fromkeys(services)
    ]
