# The source of test_observed_log_sync.py, which tools/print_sync.py prints from it.
"""Redis commands in the log: with `InstrumentationConfig`, as SQL statements are."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
import redis

from sqlspec import InstrumentationConfig, SQLSpec

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from sqlspec_redis import RedisConfig

CANARY = "canary-hunter2"
KEY, VALUE, SCRIPT, PASSWORD = (f"{CANARY}-{what}" for what in ("key", "value", "script", "password"))


@pytest.fixture
async def observed(
    config: RedisConfig, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[Callable[..., SQLSpec]]:
    """Give a database, `cache`, that is observed by these flags."""
    async with SQLSpec() as spec:

        def observe(**flags: Any) -> SQLSpec:
            wanted = InstrumentationConfig(**flags)
            named = config.replace(client_name=CANARY, instrumentation=wanted)
            spec.register_config(named, "cache")
            return spec

        caplog.set_level(logging.INFO, "sqlspec.cache")
        yield observe


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The lines of the database's logger, without how long it took."""
    found = [record for record in caplog.records if record.name == "sqlspec.cache"]
    return [record.getMessage().partition(" in ")[0] for record in found]


def shown(caplog: pytest.LogCaptureFixture, name: str) -> list[Any]:
    """What the records have under a name; None for those that lack it."""
    found = [record for record in caplog.records if record.name == "sqlspec.cache"]
    return [getattr(record, f"sqlspec_{name}", None) for record in found]


async def use(spec: Any) -> None:
    """Commands with data and secrets of each kind."""
    async with spec.provide_session("cache") as cache:
        await cache.set(KEY, VALUE)
        await cache.get(KEY)
        await cache.eval(f"return '{SCRIPT}'", 1, KEY)
        await cache.config_get("requirepass")
        with pytest.raises(redis.RedisError):
            await cache.execute_command("AUTH", PASSWORD, PASSWORD)
    async with spec.provide_session("cache") as cache:
        with pytest.raises(redis.ResponseError):
            await cache.lpush(KEY, VALUE)
        pipe: Any = cache.pipeline(transaction=False)
        await pipe.get(KEY).eval(f"return '{SCRIPT}'", 0).acl_genpass().execute()
        with pytest.raises(redis.ResponseError):
            await cache.pipeline().lpush(KEY, VALUE).execute()


async def test_each_command_is_a_line_without_data(
    observed: Callable[..., SQLSpec], config: RedisConfig, caplog: pytest.LogCaptureFixture
) -> None:
    """No key, no value, no script, no password; neither in the line nor in the record."""
    await use(observed(log_queries=True))

    assert lines(caplog) == [
        "command SET ? -- 1 rows",
        "command GET ? -- 1 rows",
        "command EVAL ? -- 1 rows",
        "command CONFIG GET ? -- done",
        "command AUTH ? -- failed with AuthenticationError",
        "command LPUSH ? -- failed with StatementError",
        "pipeline PIPELINE: GET, EVAL, ACL GENPASS -- 3 rows",
        "pipeline MULTI: LPUSH -- failed with StatementError",
    ]
    secrets = (CANARY, config.reveal_password() or CANARY)
    assert not any(secret in caplog.text for secret in secrets)
    assert not any(secret in repr(vars(record)) for record in caplog.records for secret in secrets)


async def test_parameters_are_logged_for_those_who_ask(
    observed: Callable[..., SQLSpec], caplog: pytest.LogCaptureFixture
) -> None:
    """But no password and no script."""
    await use(observed(log_queries=True, log_parameters=True))

    assert shown(caplog, "parameters") == [
        f"('{KEY}', '{VALUE}')",
        f"('{KEY}')",
        f"('?', 1, '{KEY}')",
        None,
        None,
        f"('{KEY}', '{VALUE}')",
        f"(('{KEY}',), ('?', 0), None)",
        f"(('{KEY}', '{VALUE}'))",
    ]
    assert all(str(parameters) in caplog.text for parameters in shown(caplog, "parameters") if parameters)
    assert PASSWORD not in caplog.text
    assert SCRIPT not in caplog.text


async def test_replies_are_logged_for_those_who_ask(
    observed: Callable[..., SQLSpec], caplog: pytest.LogCaptureFixture
) -> None:
    """But not those that hold passwords."""
    await use(observed(log_queries=True, log_results=True))

    replies = shown(caplog, "rows")
    assert replies[:2] == ["[(True)]", f"[(b'{VALUE}')]"]
    assert replies[3:6] == [None, None, None]
    assert replies[6] == f"[(b'{VALUE}'), (b'{SCRIPT}'), (None)]"
    assert PASSWORD not in caplog.text
    assert KEY not in caplog.text


async def test_slow_commands_alone(
    observed: Callable[..., SQLSpec], caplog: pytest.LogCaptureFixture
) -> None:
    """As with SQL, at WARNING."""
    spec: Any = observed(slow_query_threshold=0.5)
    async with spec.provide_session("cache") as cache:
        await cache.get(KEY)
        await cache.blpop([CANARY], timeout=0.6)

    assert lines(caplog) == ["slow: command BLPOP ? -- 1 rows"]
    assert shown(caplog, "slow") == [True]


async def test_it_is_switched_while_the_application_runs(
    observed: Callable[..., SQLSpec], caplog: pytest.LogCaptureFixture
) -> None:
    """From the next session on, on the same connection."""
    spec: Any = observed()
    for is_on in (False, True, False):
        spec.instrument("cache", log_queries=is_on)
        async with spec.provide_session("cache") as cache:
            await cache.get(KEY)

    assert lines(caplog) == ["command GET ? -- 1 rows"]
    assert spec.stats("cache").opened == 1


async def test_below_the_level_nothing_is_told(
    observed: Callable[..., SQLSpec], caplog: pytest.LogCaptureFixture
) -> None:
    """The session works as ever."""
    caplog.set_level(logging.ERROR, "sqlspec.cache")
    await use(observed(log_queries=True, log_parameters=True))

    assert lines(caplog) == []
