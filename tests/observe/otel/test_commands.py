"""Redis' commands and pipelines are spans and series, with their names and without keys and values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import redis
from opentelemetry.trace import StatusCode
from prometheus_client import generate_latest

from sqlspec import InstrumentationConfig
from sqlspec.adapters.redis import RedisConfig

from .telemetry import facts, traced

if TYPE_CHECKING:
    from .telemetry import Telemetry

BOTH = InstrumentationConfig(enable_opentelemetry=True, enable_prometheus=True)
SECRET = "hunter2"


async def test_commands_of_both_sides_are_seen(telemetry: Telemetry, redis_url: str) -> None:
    """By both observers of one database."""
    config = RedisConfig(url=redis_url, instrumentation=BOTH)
    with traced(config) as spec:
        session: Any
        client: Any
        async with spec.provide_session("db") as session:
            await session.set(f"key-{SECRET}", SECRET)
        with spec.provide_session("db") as client:
            assert client.get(f"key-{SECRET}") == SECRET.encode()
            pipeline: Any = client.pipeline(transaction=False)
            pipeline.get(f"key-{SECRET}")
            pipeline.delete(f"key-{SECRET}")
            pipeline.execute()
            client.set("text", SECRET)
            with pytest.raises(redis.ResponseError):
                client.lpush("text", SECRET)
        await spec.aclose()

        exported = generate_latest().decode()

    named = f" {config.database}"
    assert [span.name for span in telemetry.spans[:2]] == [f"SET{named}", f"GET{named}"]
    get = facts(telemetry.span(f"GET{named}"))
    assert get["db.system.name"] == "redis"
    assert (get["db.operation.name"], get["db.query.text"]) == ("GET", "GET ?")
    (pipeline_span,) = [span for span in telemetry.spans if "PIPELINE" in span.name]
    assert facts(pipeline_span)["db.operation.batch.size"] == 2
    failed = telemetry.span(f"LPUSH{named}")
    assert failed.status.status_code is StatusCode.ERROR
    assert facts(failed)["db.response.status_code"] == "WRONGTYPE"
    assert SECRET not in telemetry.everything
    for operation in ("SET", "GET", "PIPELINE", "LPUSH"):
        assert f'operation="{operation}"' in exported
    assert SECRET not in exported
