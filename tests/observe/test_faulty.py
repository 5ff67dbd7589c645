"""Observers, log handlers and metrics that are faulty: what the application gets is the same."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import prometheus_client
import pytest

from sqlspec import InstrumentationConfig, SQLSpec
from sqlspec.errors import InvalidArgumentError, InvalidConfigError
from sqlspec.plugin import hookimpl
from sqlspec_sqlite import SQLiteConfig

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlspec.plugin import StatementEvent
    from sqlspec.plugin.events import LeaseEvent, TransactionEvent


@pytest.fixture
def spec() -> Iterator[SQLSpec]:
    """A pool of one, and a table."""
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(pool_size=1, pool_timeout=0.05), "shop")
        with spec.provide_session() as session:
            session.execute("CREATE TABLE item (id INTEGER)")
        yield spec


def insert_and_count(spec: SQLSpec) -> int:
    """How many there are, with one more."""
    with spec.provide_session() as session:
        session.execute("INSERT INTO item VALUES (1)")
    with spec.provide_session() as session:
        return int(session.execute("SELECT count(*) FROM item").scalar())


class Raising:
    """Raises the same everywhere."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    @hookimpl
    def sqlspec_statement_started(self) -> None:
        """Raise."""
        raise self.error

    @hookimpl
    def sqlspec_statement_executed(self) -> None:
        """Raise."""
        raise self.error

    @hookimpl
    def sqlspec_transaction_ended(self) -> None:
        """Raise."""
        raise self.error

    @hookimpl
    def sqlspec_lease_event(self) -> None:
        """Raise."""
        raise self.error

    @hookimpl
    def sqlspec_connection_event(self) -> None:
        """Raise."""
        raise self.error


@pytest.mark.parametrize("error", [ValueError(), RecursionError(), MemoryError(), OSError()], ids=repr)
def test_whatever_an_observer_raises_the_application_does_not_get_it(spec: SQLSpec, error: Exception) -> None:
    """Also the interpreter's limits, which are the observer's own there."""
    spec.plugins.register(Raising(error), "raising")

    assert insert_and_count(spec) == 1
    assert spec.plugins.observer_errors > 5
    assert spec.stats("shop").in_use == 0


class Broken(logging.Handler):
    """A handler that lets its errors out."""

    def emit(self, record: logging.LogRecord) -> None:  # noqa: ARG002 - its place in the class
        """Fail."""
        msg = "disk full"
        raise OSError(msg)


def test_a_log_that_fails_changes_nothing_and_nobody_is_told_of_it(spec: SQLSpec) -> None:
    """The report of the failure goes to the same handler, and fails too."""
    logger, handler = logging.getLogger("sqlspec"), Broken()
    logger.addHandler(handler)
    try:
        spec.instrument("shop", slow_query_threshold=1e-9)
        assert insert_and_count(spec) == 1
    finally:
        logger.removeHandler(handler)

    assert spec.plugins.observer_errors > 0


def test_what_an_observer_does_itself_is_not_observed(spec: SQLSpec) -> None:
    """Else one that writes what it hears into the database would hear itself, without an end."""
    spec.register_config(SQLiteConfig(), "audit")
    with spec.provide_session("audit") as session:
        session.execute("CREATE TABLE line (text TEXT)")

    class Audit:
        @hookimpl
        def sqlspec_statement_executed(self, event: StatementEvent) -> None:
            """Write it down."""
            with spec.provide_session("audit") as session:
                session.execute("INSERT INTO line VALUES (?)", (event.statement,))

    spec.plugins.register(Audit())
    with spec.provide_session("shop") as session:
        session.execute("INSERT INTO item VALUES (7)")

    with spec.provide_session("audit") as session:
        lines = session.execute("SELECT text FROM line").scalars()
    assert lines == ["INSERT INTO item VALUES (7)"]


def test_an_interruption_in_an_observer_gives_the_connection_back(spec: SQLSpec) -> None:
    """Ctrl-C may come anywhere."""

    class Interrupted:
        @hookimpl
        def sqlspec_lease_event(self, event: LeaseEvent) -> None:
            """Only once it is borrowed."""
            if event.kind == "acquired":
                raise KeyboardInterrupt

    spec.plugins.register(Interrupted(), "interrupted")
    with pytest.raises(KeyboardInterrupt) as caught, spec.provide_session():
        pass

    assert caught.value.__traceback__ is not None  # it is held, and holds nothing
    assert spec.stats("shop").in_use == 0
    spec.plugins.unregister("interrupted")
    assert insert_and_count(spec) == 1


def test_an_observer_can_not_take_away_what_it_reads(spec: SQLSpec) -> None:
    """Neither rows nor parameters, and not the clock."""

    class Meddler:
        @hookimpl
        def sqlspec_statement_started(self, event: StatementEvent) -> None:
            """Write what is to be read."""
            event.seconds = None  # type: ignore[assignment]

        @hookimpl
        def sqlspec_transaction_ending(self, event: TransactionEvent) -> None:
            """Likewise."""
            event.seconds = None  # type: ignore[assignment]

        @hookimpl
        def sqlspec_statement_executed(self, parameters: Any, rows: Sequence[Any]) -> None:
            """Empty them."""
            parameters.clear()
            if isinstance(rows, list):
                rows.clear()

    spec.plugins.register(Meddler())
    parameters = [5]
    with spec.provide_session() as session:
        assert session.execute("SELECT ? AS five", parameters).all() == [{"five": 5}]
    assert parameters == [5]


def test_metrics_that_the_application_has_already_are_told_of_when_it_registers(spec: SQLSpec) -> None:
    """All of ours are made, or none."""
    from sqlspec.observe.prometheus.metrics import Metrics

    taken = prometheus_client.CollectorRegistry()
    prometheus_client.Gauge("sqlspec_rows_returned_total", "The application's.", registry=taken)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sqlspec.observe.prometheus.metrics.REGISTRY", taken)
        patch.setattr("sqlspec.observe.prometheus.METRICS", Metrics())
        config = SQLiteConfig(instrumentation=InstrumentationConfig(enable_prometheus=True))
        with pytest.raises(InvalidConfigError, match="rename it"):
            spec.register_config(config, "counted")
        with pytest.raises(InvalidConfigError, match="rename it"):
            spec.instrument("shop", enable_prometheus=True)

    assert [metric.name for metric in taken.collect()] == ["sqlspec_rows_returned_total"]
    assert "counted" not in spec
    assert insert_and_count(spec) == 1


def test_a_parameter_that_can_not_be_shown_costs_no_line(
    spec: SQLSpec, caplog: pytest.LogCaptureFixture
) -> None:
    """And none moves the cursor of a terminal."""

    class Hidden(str):
        __slots__ = ()

        def __repr__(self) -> str:
            raise NotImplementedError

    caplog.set_level(logging.INFO, "sqlspec.shop")
    spec.instrument("shop", log_queries=True, log_parameters=True)
    with spec.provide_session("shop") as session:
        session.execute('SELECT ? AS "a\x1b[2Jb\u202ec"', (Hidden("x"),)).all()

    line = caplog.messages[0]
    assert "<Hidden, which can not be shown>" in line
    assert line.isprintable()
    assert spec.plugins.observer_errors == 0


def test_a_plugin_is_unregistered_by_its_name(spec: SQLSpec) -> None:
    """And who passes the plugin is told so."""
    plugin = Raising(ValueError())
    spec.plugins.register(plugin, "raising")

    with pytest.raises(InvalidArgumentError, match="name"):
        spec.plugins.unregister(plugin)  # type: ignore[arg-type]
