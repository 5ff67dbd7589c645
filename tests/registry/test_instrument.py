"""Instrumentation: refused when it would do nothing, of one database alone, and switched at run time."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import InstrumentationConfig, SQLSpec
from sqlspec.errors import ConfigNotFoundError, ConfigSourceError, InvalidConfigError
from sqlspec.plugin import AdapterInfo, Capability, hookimpl
from sqlspec_sqlite import SQLiteConfig

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def spec(caplog: pytest.LogCaptureFixture) -> SQLSpec:
    """Two databases; one writes to the log."""
    caplog.set_level(logging.INFO, "sqlspec")
    spec = SQLSpec()
    spec.register_config(SQLiteConfig(), "quiet")
    spec.register_config(SQLiteConfig(instrumentation=InstrumentationConfig(log_queries=True)), "loud")
    return spec


def use(spec: SQLSpec, *names: Any) -> None:
    """Run a statement on each."""
    for name in names:
        with spec.provide_session(name, autocommit=True) as session:
            session.execute("SELECT ? AS heron", (1,)).one()


def loggers(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Who wrote since the last look."""
    found = [record.name for record in caplog.records]
    caplog.clear()
    return found


def test_a_flag_is_of_one_database_alone(spec: SQLSpec, caplog: pytest.LogCaptureFixture) -> None:
    """The other one has nobody to tell."""
    use(spec, "quiet", "loud", "quiet")

    assert loggers(caplog) == ["sqlspec.loud"]
    assert spec._table.named("quiet").observers.reporter(None) is None  # type: ignore[arg-type]


def test_flags_are_switched_while_the_application_runs(
    spec: SQLSpec, caplog: pytest.LogCaptureFixture
) -> None:
    """Laid over what holds, from the next session on; configs and keys stay as they are."""
    config = spec.get_config("quiet")
    use(spec, "quiet")
    with spec.provide_session("quiet") as open_before:
        assert spec.instrument("quiet", log_queries=True, slow_query_threshold=60).log_queries
        open_before.execute("SELECT 1")
    assert loggers(caplog) == []

    use(spec, config)
    assert loggers(caplog) == ["sqlspec.quiet"]
    assert spec.get_config("quiet") is config
    assert not config.instrumentation.log_queries

    assert spec.instrument(config, log_results=True).given == {
        "log_queries",
        "log_results",
        "slow_query_threshold",
    }
    assert spec.instrument("quiet").slow_query_threshold == 60
    spec.instrument("quiet", log_queries=False)
    spec.instrument("loud", log_queries=False)
    use(spec, "quiet", "loud")
    assert loggers(caplog) == []


def test_what_was_switched_goes_with_the_database(spec: SQLSpec, caplog: pytest.LogCaptureFixture) -> None:
    """Another one under the name begins with its own config."""
    spec.instrument("quiet", log_queries=True)
    with spec.override("quiet", SQLiteConfig()):
        use(spec, "quiet")
        assert loggers(caplog) == []
    use(spec, "quiet")
    assert loggers(caplog) == ["sqlspec.quiet"]

    spec.register_config(SQLiteConfig(), "quiet", override=True)
    use(spec, "quiet")
    assert loggers(caplog) == []


def test_a_config_alone_is_observed_too(caplog: pytest.LogCaptureFixture) -> None:
    """Under the adapter's name; and refused like any other."""
    caplog.set_level(logging.INFO, "sqlspec")
    with SQLiteConfig(instrumentation=InstrumentationConfig(log_queries=True)).provide_session() as session:
        session.execute("SELECT 1")
    assert set(loggers(caplog)) == {"sqlspec.sqlite"}

    config = SQLiteConfig(instrumentation=InstrumentationConfig(log_results=True))
    with pytest.raises(InvalidConfigError, match="log_queries=True, log_results=True"):
        config.provide_session().__enter__()


NOTHING = [
    ({"log_parameters": True}, "log_parameters", "log_queries=True, log_parameters=True"),
    ({"log_results": True}, "log_results", "log_queries=True, log_results=True"),
    ({"service_name": "shop"}, "service_name", "enable_opentelemetry=True"),
]


@pytest.mark.parametrize(("flags", "flag", "says"), NOTHING)
def test_a_flag_that_would_do_nothing_is_refused(
    spec: SQLSpec, flags: dict[str, Any], flag: str, says: str
) -> None:
    """At every way in, with what to write, and nothing is changed."""
    config = SQLiteConfig(instrumentation=InstrumentationConfig(**flags))
    table = {"adapter": "sqlite", "instrumentation": flags}
    environ = {"DB_NEW_URL": "sqlite://", f"DB_NEW_INSTRUMENTATION__{flag.upper()}": str(flags[flag]).lower()}
    ways: list[Callable[[], object]] = [
        lambda: spec.register_config(config, "new"),
        lambda: spec.register_config(table, "new"),
        lambda: spec.override("quiet", config).__enter__(),
        lambda: spec.instrument("quiet", **flags),
    ]

    for way in ways:
        with pytest.raises(InvalidConfigError, match=says) as caught:
            way()
        assert caught.value.key == f"instrumentation.{flag}"
    with pytest.raises(ConfigSourceError, match=says):
        spec.register_from_env(environ=environ)
    assert spec.names == ("quiet", "loud")
    assert not spec.instrument("quiet").given


def test_a_flag_whose_library_is_missing_says_what_to_install(
    spec: SQLSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Instead of observing nothing."""
    monkeypatch.setattr("sqlspec.observe.find_spec", lambda _: None)

    with pytest.raises(InvalidConfigError, match="pip install opentelemetry-api opentelemetry-semantic"):
        spec.instrument("quiet", enable_opentelemetry=True)
    with pytest.raises(InvalidConfigError, match="pip install prometheus-client"):
        spec.instrument("quiet", enable_prometheus=True)


def test_bad_flags_and_names_are_refused(spec: SQLSpec) -> None:
    """As everywhere."""
    with pytest.raises(InvalidConfigError, match="log_queries"):
        spec.instrument("quiet", log_querys=True)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    with pytest.raises(InvalidConfigError, match="slow_query_threshold"):
        spec.instrument("quiet", slow_query_threshold=-1)
    with pytest.raises(ConfigNotFoundError, match="loud"):
        spec.instrument("lout", log_queries=True)
    assert not spec.instrument("quiet").given


class Own:
    """An adapter whose sessions are its own."""

    def __init__(self, *capabilities: Capability) -> None:
        self.ADAPTER = AdapterInfo(
            name="own", config_type="x:Y", capabilities=frozenset({Capability.SYNC, *capabilities})
        )

    @hookimpl
    def sqlspec_create_connection(self, config: Any) -> Any:
        """Not opened here."""

    @hookimpl
    def sqlspec_create_session(self, connection: Any) -> Any:
        """Not made here."""


class OwnConfig(SQLiteConfig, frozen=True, kw_only=True):
    """Its config."""

    adapter = "own"


@pytest.mark.parametrize("flags", [{"log_queries": True}, {"slow_query_threshold": 1.0}])
def test_an_adapter_that_reports_nothing_can_not_be_observed(flags: dict[str, Any]) -> None:
    """Its sessions are not core's, and do not say what they do."""
    config = OwnConfig(instrumentation=InstrumentationConfig(**flags))
    silent, reporting = SQLSpec(), SQLSpec()
    silent.plugins.register(Own(), "own")
    reporting.plugins.register(Own(Capability.REPORTS), "own")

    with pytest.raises(InvalidConfigError, match="sessions of its own"):
        silent.register_config(config)
    assert reporting.register_config(config) is config
