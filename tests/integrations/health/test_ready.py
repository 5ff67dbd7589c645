"""Whether the databases are there: each is named, and of one that failed it is said why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.errors import AdapterBrokenError, InvalidConfigError, NotSupportedError
from sqlspec_testkit.scripted import AsyncOnlyPlugin, Script, ScriptedConfig, ScriptedPlugin, SyncOnlyPlugin

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlspec import SQLSpec

    from .sites import Site

CANARY = "pw-c4n4ry-2716"


@pytest.fixture
def script(spec: SQLSpec) -> Script:
    """What the database `scripted` does."""
    script = Script()
    spec.plugins.register(ScriptedPlugin(script))
    spec.register_config(ScriptedConfig(), "scripted")
    return script


async def test_every_database_is_reported(site: Site, spec: SQLSpec) -> None:
    """With the seconds its ping took."""
    spec.register_config(SQLiteConfig(), "one")
    spec.register_config(SQLiteConfig(), "two")

    told = await site.ready()

    assert told["status"] == "ready"
    assert list(told["databases"]) == ["one", "two"]
    for report in told["databases"].values():
        assert report.keys() == {"status", "seconds"}
        assert report["status"] == "ok"
        assert 0 <= report["seconds"] < 10


async def test_one_that_fails_is_enough(site: Site, spec: SQLSpec, tmp_path: Path) -> None:
    """The others are reported as they are; it is not ready, with status 503."""
    spec.register_config(SQLiteConfig(), "good")
    spec.register_config(SQLiteConfig(database=str(tmp_path / "no" / "such.db")), "bad")

    told = await site.ready()

    assert told["status"] == "not ready"
    assert told["databases"]["good"]["status"] == "ok"
    assert told["databases"]["bad"] == {
        "status": "failed",
        "reason": "can not connect",
        "error": "ConnectError",
    }


async def test_without_databases_it_is_ready(site: Site) -> None:
    """There is nothing to wait for."""
    assert await site.ready() == {"status": "ready", "databases": {}}


async def test_all_that_are_registered_when_it_is_asked(site: Site, spec: SQLSpec) -> None:
    """A database may come and go later."""
    spec.register_config(SQLiteConfig(), "main")
    assert list((await site.ready())["databases"]) == ["main"]

    spec.register_config(SQLiteConfig(), "later")
    spec.unregister_config("main")

    assert list((await site.ready())["databases"]) == ["later"]


async def test_the_application_may_choose_databases(
    new_site: Callable[..., Site], spec: SQLSpec, tmp_path: Path
) -> None:
    """The others are not touched, however broken they are."""
    spec.register_config(SQLiteConfig(), "main")
    spec.register_config(SQLiteConfig(database=str(tmp_path / "no" / "such.db")), "archive")
    site = new_site(databases=("main",))

    assert list((await site.ready())["databases"]) == ["main"]


async def test_a_chosen_database_that_is_not_registered_is_a_failure(
    new_site: Callable[..., Site], spec: SQLSpec
) -> None:
    """Until it is."""
    site = new_site(databases=("main",))
    assert await site.report("main") == {
        "status": "failed",
        "reason": "not registered",
        "error": "ConfigNotFoundError",
    }

    spec.register_config(SQLiteConfig(), "main")

    assert (await site.report("main"))["status"] == "ok"


async def test_a_registry_that_was_closed_is_not_ready_until_it_is_opened(site: Site, spec: SQLSpec) -> None:
    """So a load balancer lets go of a process that ends."""
    spec.register_config(SQLiteConfig(), "main")
    await site.ready()

    await spec.aclose()
    closed = await site.report("main")
    await spec.aopen()

    assert closed == {"status": "failed", "reason": "closed", "error": "ConfigClosedError"}
    assert (await site.report("main"))["status"] == "ok"


async def test_an_override_is_pinged_in_place_of_what_it_covers(
    site: Site, spec: SQLSpec, tmp_path: Path
) -> None:
    """As sessions would find it."""
    spec.register_config(SQLiteConfig(database=str(tmp_path / "no" / "such.db")), "main")

    async with spec.override("main", SQLiteConfig()):
        assert (await site.report("main"))["status"] == "ok"

    assert (await site.report("main"))["status"] == "failed"


@pytest.mark.parametrize(
    ("step", "kind", "reason", "error"),
    [
        ("connect", "refused", "can not connect", "ConnectError"),
        ("connect", "authentication", "authentication failed", "AuthenticationError"),
        ("connect", ZeroDivisionError(CANARY), "can not connect", "ConnectError"),
        ("connect", InvalidConfigError(CANARY), "wrong configuration", "InvalidConfigError"),
        ("ping", "disconnect", "connection lost", "DisconnectedError"),
        ("ping", "stuck", "error of the database", "OperationalError"),
        ("ping", ZeroDivisionError(CANARY), "unexpected error", "ZeroDivisionError"),
        ("ping", TimeoutError(CANARY), "timed out", "TimeoutError"),
        ("ping", NotSupportedError(CANARY), "can not be pinged", "NotSupportedError"),
        ("connect", AdapterBrokenError(CANARY, adapter=""), "adapter can not be used", "AdapterBrokenError"),
    ],
    ids=str,
)
async def test_each_failure_has_a_reason_of_few_words_and_its_class(
    *, site: Site, script: Script, step: str, kind: Any, reason: str, error: str
) -> None:
    """And not a word of the error's own."""
    script.next(step).fail(kind)

    response = await site.ask("/ready")

    assert response.json()["databases"]["scripted"] == {"status": "failed", "reason": reason, "error": error}
    assert CANARY not in response.text
    assert (await site.report("scripted"))["status"] == "ok"


@pytest.mark.parametrize("kind", [SyncOnlyPlugin, AsyncOnlyPlugin])
async def test_an_adapter_of_one_side_is_pinged_by_both(site: Site, spec: SQLSpec, kind: Any) -> None:
    """A sync driver in a thread; an async one, under WSGI, in an event loop that ends with the ping."""
    script = Script()
    spec.plugins.register(kind(script))
    spec.register_config(ScriptedConfig(), "main")

    for _ in range(3):
        assert (await site.report("main"))["status"] == "ok"

    assert script.server.violations == []
    is_apart = site.side == "wsgi" and kind is AsyncOnlyPlugin
    assert [backend.ended for backend in script.server.made] == (["closed"] * 3 if is_apart else [None])


async def test_an_async_adapter_that_fails_under_wsgi_has_its_reason(site: Site, spec: SQLSpec) -> None:
    """The same as under ASGI; it is not left out."""
    script = Script()
    spec.plugins.register(AsyncOnlyPlugin(script))
    spec.register_config(ScriptedConfig(), "main")
    script.next("connect").fail("authentication")

    assert (await site.report("main"))["reason"] == "authentication failed"
