"""Error trackers record the local variables of a traceback's frames: no password is among ours."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

import sqlspec
from sqlspec import Secret
from sqlspec_testkit.servers.ports import free_port

from .networks import CANARY, EACH_SIDE, Network, connected, make_certificate

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from types import TracebackType

ROOT = Path(sqlspec.__file__).parent


def is_ours(path: str) -> bool:
    """Whether a file is core's or an adapter's."""
    return path.startswith(str(ROOT)) or "/src/sqlspec_" in path


def behind(exc: BaseException | None, seen: set[int]) -> Iterator[BaseException]:
    """The exception, and all causes and contexts of it."""
    if exc is None or id(exc) in seen:
        return
    seen.add(id(exc))
    yield exc
    for other in (exc.__cause__, exc.__context__, *getattr(exc, "exceptions", ())):
        yield from behind(other, seen)


def frames(exc: BaseException) -> Iterator[tuple[str, str]]:
    """Each frame of ours: its place, and what a tracker would record of it."""
    for one in behind(exc, set()):
        trace: TracebackType | None = one.__traceback__
        while trace is not None:
            code = trace.tb_frame.f_code
            if is_ours(code.co_filename):
                yield f"{code.co_filename}:{trace.tb_lineno}", repr(trace.tb_frame.f_locals)
            trace = trace.tb_next


# --- servers that fail --------------------------------------------------------------------------------


@contextmanager
def nobody(_: Any) -> Generator[int]:
    """Listens there."""
    yield free_port()


@contextmanager
def silent(_: Any) -> Generator[int]:
    """It takes connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextmanager
def hanging_up(_: Any) -> Generator[int]:
    """Soon, on everybody; who sends something then can not."""

    def serve() -> None:
        try:
            while True:
                taken, _ = server.accept()
                time.sleep(0.02)  # until the client has taken note of being connected
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                taken.close()
        except OSError:
            return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


@contextmanager
def real(server: Any) -> Generator[int]:
    """It knows another password, and no TLS."""
    yield server.address.port


def _fetch() -> str:
    time.sleep(0.1)  # a server may have hung up meanwhile
    return CANARY


async def _token() -> str:
    await asyncio.sleep(0.1)
    return CANARY


FAILURES: dict[str, tuple[Callable[[Any], Any], dict[str, Any]]] = {
    "refused": (nobody, {}),
    "silent": (silent, {}),
    "hangs up": (hanging_up, {}),
    "wrong password": (real, {}),
    "no TLS": (real, {"ssl_mode": "require"}),
    "silent about TLS": (silent, {"ssl_mode": "require"}),
}
GIVEN: dict[str, Callable[[], Any]] = {
    "text": lambda: Secret(CANARY),
    "function": lambda: Secret(_fetch),
    "async function": lambda: Secret(_token),
    "URL": lambda: None,
}


async def failure(config: Any, *, in_tasks: bool) -> BaseException:
    """Of a connect."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 - each of any kind
        async with connected(config, in_tasks=in_tasks):
            pass
    return caught.value


@EACH_SIDE
@pytest.mark.parametrize("given", GIVEN)
@pytest.mark.parametrize("kind", FAILURES)
async def test_no_frame_of_ours_has_the_password(
    network: Network, in_tasks: bool, given: str, kind: str, request: pytest.FixtureRequest
) -> None:
    """Whatever fails, and however the password is given."""
    if given == "async function" and not in_tasks:
        pytest.skip("threads can not await it")
    server = request.getfixturevalue(network.server)
    fails, options = FAILURES[kind]
    with fails(server) as port:
        if given == "URL":
            scheme = network.config_type.adapter
            user = quote(getattr(server.address, "user", "") or "default")
            url = f"{scheme}://{user}:{CANARY}@127.0.0.1:{port}"
            config = network.config_type(url=url, connect_timeout=1.5, **options)
        else:
            config = network.reach(server, password=GIVEN[given](), connect_timeout=1.5, **options)
            config = config.replace(port=port)
        error = await failure(config, in_tasks=in_tasks)

    found = list(frames(error))
    assert found
    assert [place for place, said in found if CANARY in said] == []


@EACH_SIDE
@pytest.mark.parametrize("field", ["ssl_key_password", "ssl_root_cert"])
async def test_no_frame_of_ours_has_the_password_of_a_key(
    network: Network, in_tasks: bool, field: str, tmp_path: Path
) -> None:
    """Where it does not fit, and where another file is wrong."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    make_certificate(cert, key)
    config = network.config_type(
        host="127.0.0.1",
        port=1,
        ssl_mode="verify-ca",
        ssl_root_cert=str(cert if field == "ssl_key_password" else tmp_path / "missing.pem"),
        ssl_cert=str(cert),
        ssl_key=str(key),
        ssl_key_password=f"{CANARY}-not" if field == "ssl_key_password" else CANARY,
    )

    error = await failure(config, in_tasks=in_tasks)

    assert field in str(error)
    assert [place for place, said in frames(error) if CANARY in said] == []


@EACH_SIDE
async def test_no_frame_of_ours_has_a_password_that_can_be_none(network: Network, in_tasks: bool) -> None:
    """Its function returned bytes."""
    fetch: Any = CANARY.encode
    error = await failure(network.config_type(port=1, password=Secret(fetch)), in_tasks=in_tasks)

    assert [place for place, said in frames(error) if CANARY in said] == []
