"""A real Prometheus reads what is there, and the dashboard of the documents finds all that it asks for."""

from __future__ import annotations

import asyncio
import json
import math
import re
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from prometheus_client import start_http_server

from sqlspec import SQLSpec
from sqlspec.adapters.postgresql import AsyncpgConfig, PostgreSQLConfig
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.errors import SQLSpecError
from sqlspec_testkit.servers.ports import free_port
from tests.observe.prometheus.scrape import SEEN, everything, samples
from tests.observe.prometheus.server import PrometheusServer

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parents[3] / "docs"
DASHBOARD = json.loads((DOCS / "grafana-dashboard.json").read_text("utf-8"))
EXPRESSIONS = [
    (panel["title"], target["expr"]) for panel in DASHBOARD["panels"] for target in panel["targets"]
]
DATABASES = ("files", "server", "tasks")


class Work(NamedTuple):
    """Three databases and a Prometheus that reads their metrics."""

    spec: SQLSpec
    server: PrometheusServer

    def use_all(self) -> None:
        """Everything that a panel shows, once for each database."""
        for name in ("files", "server"):
            self._use(name)
        asyncio.run(self._use_in_tasks())

    def _use(self, name: str) -> None:
        with self.spec.provide_session(name) as session:
            session.execute("CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY)")
            session.execute("DELETE FROM item")
            session.execute_many("INSERT INTO item VALUES (?)", [(1,), (2,)])
            session.load("item", [(3,)], ("id",))
            assert len(list(session.stream("SELECT id FROM item"))) == 3
            session.execute_script("SELECT 1; SELECT 2")
        for statement in ("INSERT INTO item VALUES (1)", "SELECT nothing FROM nowhere"):
            with suppress(SQLSpecError), self.spec.provide_session(name) as session:
                session.execute(statement)
        with self.spec.provide_session(name), suppress(SQLSpecError), self.spec.provide_session(name):
            pass  # there is one connection, so the second waits in vain

    async def _use_in_tasks(self) -> None:
        async with self.spec.provide_session("tasks") as session:
            await session.execute("SELECT 1")
        with suppress(SQLSpecError):
            async with self.spec.provide_session("tasks") as session:
                await session.execute("SELECT nothing FROM nowhere")


@pytest.fixture(scope="module")
def work(postgresql_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    """Everything was done several times, and Prometheus has read it."""
    options: dict[str, Any] = {
        "pool_size": 1, "pool_timeout": 0.01, "pool_recycle": 0.05, "instrumentation": SEEN
    }  # fmt: skip
    spec, port = SQLSpec(), free_port()
    with ExitStack() as stack:
        url = postgresql_server.url(database=stack.enter_context(postgresql_server.database()))
        file = tmp_path_factory.mktemp("files") / "files.db"
        spec.register_config(SQLiteConfig(database=str(file), **options), name="files")
        spec.register_config(PostgreSQLConfig(url=url, **options), name="server")
        spec.register_config(AsyncpgConfig(url=url, **options), name="tasks")
        exporter, thread = start_http_server(port, addr="127.0.0.1")
        stack.callback(thread.join)
        stack.callback(exporter.server_close)
        stack.callback(exporter.shutdown)
        work = Work(spec, stack.enter_context(PrometheusServer(port)))
        work.use_all()
        yield work
        for name in DATABASES:
            spec.unregister_config(name)


def _expression(text: str, database: str = ".*") -> str:
    return text.replace("$__rate_interval", "10s").replace("$database", database)


@pytest.mark.parametrize(("panel", "expression"), EXPRESSIONS)
def test_every_expression_of_the_dashboard_returns_data(panel: str, expression: str, work: Work) -> None:
    """A number for at least one series, while the databases are used."""
    query = _expression(expression)

    def has_data() -> bool:
        found = work.server.query(query)
        return any(math.isfinite(value) for value in found.values())

    assert "$" not in query
    assert work.server.wait_for(has_data, doing=work.use_all), f"{panel}: {query}: {work.server.query(query)}"


@pytest.mark.parametrize("database", DATABASES)
def test_the_dashboard_shows_one_database_alone(database: str, work: Work) -> None:
    """As it is chosen from the list, of which Prometheus knows the names."""
    selector = 'sqlspec_pool_connections{database!=""}'
    assert work.server.wait_for(
        lambda: set(work.server.ask("label/database/values", **{"match[]": selector})) == set(DATABASES),
        doing=work.use_all,
    )

    for panel, expression in EXPRESSIONS[:3]:
        query = _expression(expression, database)
        assert work.server.wait_for(lambda: bool(work.server.query(query)), doing=work.use_all), panel  # noqa: B023


def test_prometheus_has_what_was_counted(work: Work) -> None:
    """By its own arithmetic: one more."""
    query = 'sum(sqlspec_transactions_total{database="files", outcome="rolled_back"})'
    assert work.server.wait_for(lambda: bool(work.server.query(query)), doing=work.use_all)
    now = samples("sqlspec_transactions_total", "files", "outcome")["rolled_back"]

    with pytest.raises(ZeroDivisionError), work.spec.provide_session("files") as session:
        session.execute("SELECT 1")
        raise ZeroDivisionError

    assert work.server.wait_for(lambda: work.server.query(query) == {"": now + 1}, doing=lambda: None)


def test_prometheus_reads_without_complaint(work: Work) -> None:
    """The page is one that it can read, and its own tool finds every name in order."""

    def state() -> tuple[str, str]:
        (target,) = work.server.ask("targets")["activeTargets"]
        return target["health"], target["lastError"]

    assert work.server.wait_for(lambda: state() == ("up", ""), doing=work.use_all), state()
    ours = [line for line in everything().splitlines() if "sqlspec_" in line]
    assert work.server.check("metrics", text="\n".join((*ours, ""))) == ""


def test_the_alerts_of_the_page_are_rules(work: Work, tmp_path: Path) -> None:
    """Which Prometheus would load, and whose metrics exist."""
    (rules,) = re.findall(
        r"^```yaml\n(.*?)^```", (DOCS / "prometheus.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    (tmp_path / "rules.yml").write_text(rules)

    assert work.server.check("rules", str(tmp_path / "rules.yml")) == ""
    for name in re.findall(r"sqlspec_\w+", rules):
        assert work.server.wait_for(lambda: bool(work.server.query(name)), doing=work.use_all), name  # noqa: B023
