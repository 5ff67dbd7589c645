"""etcd as a source: the keys below a prefix, over the JSON gateway of its version 3.

All keys are read at one revision, and the changes after it are watched. Where those can not be had any more,
because etcd has compacted them, all keys are read again.
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode, b64encode
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from sqlspec.config.secret import Secret
from sqlspec.config.sources.http import OK, Endpoint, check_seconds
from sqlspec.config.sources.layers import nest
from sqlspec.config.sources.placing import check_base
from sqlspec.config.sources.source import SourceTables
from sqlspec.config.sources.watched import WatchedSource, source_error
from sqlspec.errors import ConfigEntryError, InvalidArgumentError

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Mapping

    from sqlspec.config.sources.http import Answer
    from sqlspec.config.sources.placing import AnyConfig
    from sqlspec.config.sources.source import Path

    Values: TypeAlias = Mapping[bytes, bytes]
    Changes: TypeAlias = Mapping[bytes, bytes | None]

T = TypeVar("T")

STATUSES = {
    400: "it does not take the request, or wants a user: pass username= and password=",
    401: "pass username= and password= of a user who may read these keys",
    403: "the user may not read these keys; etcdctl role grant-permission ROLE --prefix=true read PREFIX",
    404: "this is no etcd of version 3.4 or later",
}
WRONG_USER = "is username= or password= wrong?"


class EtcdSource(WatchedSource):
    """The databases below a prefix: `PREFIX/NAME/OPTION`."""

    def __init__(
        self,
        prefix: str,
        address: str,
        *,
        template: AnyConfig | None,
        username: str | None,
        password: Secret | None,
        tls: ssl.SSLContext | None,
        timeout: float,
        wait: float,
    ) -> None:
        if not prefix.strip("/"):
            raise InvalidArgumentError('which keys? Give the prefix of their names, such as "/sqlspec/"')
        if (username is None) != (password is None):
            raise InvalidArgumentError("username= and password= go together")
        check_seconds(wait=wait)
        if template is not None:
            check_base(template)
        self._prefix, self._template = f"{prefix.rstrip('/')}/", template
        self.name = f"etcd {self._prefix}"
        self._username, self._password = username, password
        self._endpoint = Endpoint(address, tls=tls, timeout=timeout, place=self.name)
        self._wait = wait

    async def watch(self) -> AsyncGenerator[SourceTables, None]:
        """All keys, whenever one of them has changed."""
        token = await self._authenticate()
        while True:
            revision, values = await self._all(token)
            yield self._tables(values)
            while revision:
                async with aclosing(self._changes(revision, token)) as news:
                    async for newest, changes in news:
                        revision = newest
                        if changes:
                            values = _changed(values, changes)
                            yield self._tables(values)

    # --- requests -----------------------------------------------------------------------------------

    async def _authenticate(self) -> Secret | None:
        """A token for the requests of this watch; None where no user was given."""
        if self._password is None:
            return None
        password = Secret(await self._password.areveal())  # no variable holds the text: tracebacks show them
        login = Secret(lambda: json.dumps({"name": self._username, "password": password.reveal()}))
        async with self._endpoint.ask("/v3/auth/authenticate", body=login) as answer:
            if answer.status != OK:
                raise self._endpoint.refused(answer.status, dict.fromkeys(STATUSES, WRONG_USER))
            return await self._read(answer, lambda said: Secret(said["token"]))

    async def _all(self, token: Secret | None) -> tuple[int, Values]:
        """All keys, and the revision at which they were read."""
        async with self._ask("/v3/kv/range", self._range(), token) as answer:
            return await self._read(answer, lambda said: (_revision(said), dict(_pairs(said))))

    async def _changes(
        self, revision: int, token: Secret | None
    ) -> AsyncGenerator[tuple[int, Changes], None]:
        """The changes after *revision*, each with its own; None for a key that is gone.

        Ends when etcd has been silent for so long that it must be asked whether it is there. Revision 0: what
        happened since can not be had any more.
        """
        request = {"create_request": {**self._range(), "start_revision": str(revision + 1)}}
        async with self._ask("/v3/watch", request, token) as answer, aclosing(answer.lines()) as lines:
            while True:
                try:
                    async with asyncio.timeout(self._wait):
                        line = await anext(lines)
                except TimeoutError:
                    return
                except StopAsyncIteration:
                    raise source_error(self.name, "has ended the watch") from None
                newest, changes = self._understood(line, revision)
                yield newest, changes
                if not newest:
                    return

    def _understood(self, line: Any, revision: int) -> tuple[int, Changes]:
        """A line of a watch that was begun after *revision*."""
        with self._understanding():
            said = line.get("result", {"canceled": True})  # else it is an error
            if "compact_revision" in said:
                return 0, {}
            if not said.get("canceled"):
                newest = _revision(said)
                # What comes first says that the watch is there, and has the revision of now: what is between
                # is yet to come.
                is_first = said.get("created")
                return revision if is_first else newest, dict(map(_change, said.get("events", ())))
        raise source_error(self.name, "has ended the watch")

    @asynccontextmanager
    async def _ask(self, path: str, request: Any, token: Secret | None) -> AsyncGenerator[Answer, None]:
        body = Secret(json.dumps(request))
        async with self._endpoint.ask(path, body=body, secret=("Authorization", token)) as answer:
            if answer.status != OK:
                raise self._endpoint.refused(answer.status, STATUSES)
            yield answer

    async def _read(self, answer: Answer, meaning: Callable[[Any], T]) -> T:
        said = await answer.json()
        with self._understanding():
            return meaning(said)

    @contextmanager
    def _understanding(self) -> Generator[None, None, None]:
        try:
            yield
        except (AttributeError, LookupError, TypeError, ValueError):  # whose texts may quote what was sent
            fault = source_error(self.name, "the answer is not etcd's")
        else:
            return
        raise fault

    def _range(self) -> dict[str, str]:
        """All keys with the prefix; as etcd has it, up to the next text of its length."""
        prefix = self._prefix.encode()
        return {"key": _base64(prefix), "range_end": _base64(prefix[:-1] + bytes([prefix[-1] + 1]))}

    # --- what the keys mean -------------------------------------------------------------------------

    def _tables(self, values: Values) -> SourceTables:
        errors: list[ConfigEntryError] = []
        options: dict[Path, str] = {}
        places: dict[Path, str] = {(): self.name}
        for key, value in sorted(values.items()):
            place = f"etcd {key.decode('utf-8', 'replace')}"
            try:
                path, text = self._path(key, options), value.decode()
            except UnicodeDecodeError:
                errors.append(ConfigEntryError("is not UTF-8", place=place))
            except _UnusableError as exc:
                errors.append(ConfigEntryError(str(exc), place=place))
            else:
                options[path] = text
                places["databases", *path] = place
        if not values:
            errors.append(ConfigEntryError("has no keys", place=self.name))
        databases = nest(options.items())
        bases = dict.fromkeys(databases, self._template) if self._template is not None else {}
        return SourceTables(
            databases=databases,
            places=places,
            errors=errors,
            all_text=True,
            bases=bases,
            config_types={name: type(template) for name, template in bases.items()},
        )

    def _path(self, key: bytes, others: Mapping[Path, str]) -> Path:
        path = tuple(key.removeprefix(self._prefix.encode()).decode().split("/"))
        if len(path) == 1 or not all(path):
            raise _UnusableError(f"a key is written as {self._prefix}NAME/OPTION")
        if any(path[:depth] in others for depth in range(1, len(path))):
            raise _UnusableError("stands below a key that has a value")
        return path


class _UnusableError(Exception):
    """Why a key is none of ours. It never leaves this file."""


def _revision(said: Any) -> int:
    return int(said["header"]["revision"])


def _pairs(said: Any) -> Iterator[tuple[bytes, bytes]]:
    return map(_pair, said.get("kvs", ()))


def _pair(entry: Any) -> tuple[bytes, bytes]:
    """A key and its value; JSON leaves out an empty one."""
    return b64decode(entry["key"]), b64decode(entry.get("value", ""))


def _change(event: Any) -> tuple[bytes, bytes | None]:
    key, value = _pair(event["kv"])
    return key, None if event.get("type") == "DELETE" else value


def _changed(values: Values, changes: Changes) -> Values:
    both: Changes = {**values, **changes}
    return {key: value for key, value in both.items() if value is not None}


def _base64(text: bytes) -> str:
    return b64encode(text).decode("ascii")
