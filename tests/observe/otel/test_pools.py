"""The metrics of a pool are those of the conventions, and end with the database."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import InstrumentationConfig, SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig

from .telemetry import TRACED, facts, traced

if TYPE_CHECKING:
    from pathlib import Path

    from .telemetry import Telemetry

POOL = "db.client.connection.pool.name"
STATE = "db.client.connection.state"
COUNT = "db.client.connection.count"
GAUGES = {
    COUNT,
    "db.client.connection.pending_requests",
    "db.client.connection.max",
    "db.client.connection.idle.max",
    "db.client.connection.idle.min",
}
TIMES = {
    "db.client.connection.create_time",
    "db.client.connection.wait_time",
    "db.client.connection.use_time",
}


def test_a_pool_is_counted_and_timed(tmp_path: Path, telemetry: Telemetry) -> None:
    """With the pool's name alone, so that the number of series is that of the databases."""
    config = SQLiteConfig(database=str(tmp_path / "db"), pool_size=5, pool_min_size=1, instrumentation=TRACED)
    with traced(config) as spec:
        with spec.provide_session(autocommit=True) as session, spec.provide_session(autocommit=True) as other:
            session.execute("SELECT 1")
            other.execute("SELECT 2")
            in_use = telemetry.values(COUNT, **{STATE: "used"})
        metrics = telemetry.metrics

        assert in_use == [2]
        states = {(found[STATE], point.value) for found, point in telemetry.points(COUNT)}
        assert states == {("used", 0), ("idle", 2)}
        assert telemetry.values("db.client.connection.pending_requests") == [0]
        assert telemetry.values("db.client.connection.max") == [5]
        assert telemetry.values("db.client.connection.idle.max") == [5]
        assert telemetry.values("db.client.connection.idle.min") == [1]
        for name in TIMES:
            assert metrics[name].unit == "s"
            assert [(found, point.count) for found, point in telemetry.points(name)] == [({POOL: "db"}, 2)]
            assert all(point.sum > 0 for _found, point in telemetry.points(name))


def test_series_of_a_pool_end_with_unregister(telemetry: Telemetry) -> None:
    """Those of its neighbour go on: the instruments are shared."""
    with traced(SQLiteConfig(instrumentation=TRACED)) as spec:
        spec.register_config(SQLiteConfig(instrumentation=TRACED), "other")
        for name in ("db", "other"):
            spec.ping(name)
        both = {found[POOL] for found, _point in telemetry.points(COUNT)}

        spec.unregister_config("db")

        assert both == {"db", "other"}
        for name in GAUGES:
            assert {found[POOL] for found, _point in telemetry.points(name)} == {"other"}


def test_series_end_when_the_registry_is_forgotten(telemetry: Telemetry) -> None:
    """Nobody closed it: what reads its counts holds nothing of it. Those of others go on."""
    spec, kept = SQLSpec(), SQLSpec()
    spec.register_config(SQLiteConfig(instrumentation=TRACED), "forgotten")
    with spec.provide_session("forgotten") as session:
        session.execute("SELECT 1")
    kept.register_config(SQLiteConfig(instrumentation=TRACED), "kept")
    kept.ping("kept")
    assert telemetry.values(COUNT, **{POOL: "forgotten", STATE: "idle"}) == [1]

    del spec, session
    gc.collect()

    assert telemetry.values(COUNT, **{POOL: "forgotten"}) == []
    assert telemetry.values(COUNT, **{POOL: "kept", STATE: "idle"}) == [1]
    kept.close()


def test_two_databases_and_one_flag(telemetry: Telemetry) -> None:
    """Of the other one nothing is exported."""
    with traced(SQLiteConfig(instrumentation=TRACED)) as spec:
        spec.register_config(SQLiteConfig(), "silent")
        for name in ("db", "silent"):
            with spec.provide_session(name) as session:
                session.execute(f"SELECT 1 AS {name}")

        assert {found[POOL] for found, _point in telemetry.points(COUNT)} == {"db"}
    assert [span.name for span in telemetry.spans] == ["SELECT", "COMMIT"]
    assert "silent" not in telemetry.everything


def test_it_is_switched_at_run_time(telemetry: Telemetry) -> None:
    """From the next session on, the pool's gauges at once."""
    with traced(SQLiteConfig()) as spec:
        with spec.provide_session() as session:
            session.execute("SELECT 1 AS before")

        spec.instrument("db", enable_opentelemetry=True)
        with spec.provide_session() as session:
            session.execute("SELECT 1 AS during")
        on = telemetry.values(COUNT)
        spec.instrument("db", enable_opentelemetry=False)
        with spec.provide_session() as session:
            session.execute("SELECT 1 AS after_it")

        assert on == [1, 0]
        assert telemetry.values(COUNT) == []
    texts = [facts(span).get("db.query.text") for span in telemetry.spans]
    assert texts == ["SELECT ? AS during", None]


def test_the_name_of_the_service_is_on_everything(telemetry: Telemetry) -> None:
    """Of one application among several in a process; else the SDK's resource says it."""
    named = InstrumentationConfig(enable_opentelemetry=True, service_name="shop")
    with traced(SQLiteConfig(instrumentation=named)) as spec:
        with spec.provide_session() as session:
            session.execute("SELECT 1")
        points = [point for name in telemetry.metrics for point in telemetry.points(name)]

    assert {facts(span)["service.name"] for span in telemetry.spans} == {"shop"}
    assert {found["service.name"] for found, _point in points} == {"shop"}


@pytest.mark.parametrize("columns", [1, 40])
def test_texts_do_not_make_series(telemetry: Telemetry, columns: int) -> None:
    """Neither tables nor words of a mistaken text: the number of series does not grow with statements."""
    config: Any = SQLiteConfig(instrumentation=TRACED)
    with traced(config) as spec, spec.provide_session(autocommit=True) as session:
        for number in range(columns):
            session.execute(f"CREATE TABLE t{number} (id INTEGER)")
            session.execute(f"WITH a AS (SELECT 1) SELECT * FROM a, t{number}")
            with pytest.raises(Exception, match="syntax"):
                session.execute(f"hunter{number} SELECT")

        points = telemetry.points("db.client.operation.duration")

    assert {found["db.operation.name"]: point.count for found, point in points} == {
        "CREATE": columns,
        "SELECT": columns,
        "_OTHER": columns,
    }
