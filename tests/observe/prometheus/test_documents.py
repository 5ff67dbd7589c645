"""The page and the dashboard say what there is, and nothing else."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from sqlspec import SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig
from tests.observe.prometheus.scrape import SEEN

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "prometheus.md").read_text("utf-8")
DASHBOARD: dict[str, Any] = json.loads((DOCS / "grafana-dashboard.json").read_text("utf-8"))
TYPES = {"counter": "_total", "histogram": "", "gauge": ""}


@pytest.fixture
def metrics() -> dict[str, str]:
    """The kind of each metric, by the name that Prometheus gives it."""
    spec = SQLSpec()
    spec.register_config(SQLiteConfig(instrumentation=SEEN), name="documented")
    with spec.provide_session("documented"):
        found = {one.name + TYPES[one.type]: one.type for one in REGISTRY.collect() if "sqlspec_" in one.name}
    spec.unregister_config("documented")
    return found


def test_the_table_has_every_metric_with_its_kind(metrics: dict[str, str]) -> None:
    """And no other."""
    assert dict(re.findall(r"^\| `(sqlspec_\w+)` \| (\w+) \|", PAGE, re.MULTILINE)) == metrics


def test_the_dashboard_asks_for_metrics_that_exist(metrics: dict[str, str]) -> None:
    """Each of which is on some panel."""
    asked = set(re.findall(r"sqlspec_\w+", json.dumps(DASHBOARD)))

    assert {re.sub("_(count|sum|bucket)$", "", name) for name in asked} == set(metrics)


def test_the_dashboard_can_be_imported() -> None:
    """It says for which Grafana, from which data source, and chooses databases."""
    variables = {one["name"]: one for one in DASHBOARD["templating"]["list"]}

    assert DASHBOARD["schemaVersion"] >= 36
    assert DASHBOARD["id"] is None
    assert variables["datasource"]["query"] == "prometheus"
    assert variables["database"]["query"]["query"] == "label_values(sqlspec_pool_connections, database)"
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            assert (
                target["datasource"] == panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
            )
            assert 'database=~"$database"' in target["expr"]


def test_panels_do_not_lie_on_each_other() -> None:
    """On a grid of 24 columns; each has a number and a title of its own."""
    panels = DASHBOARD["panels"]

    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)
    for first, second in combinations([panel["gridPos"] for panel in panels], 2):
        apart = first["x"] + first["w"] <= second["x"] or second["x"] + second["w"] <= first["x"]
        assert apart or first["y"] + first["h"] <= second["y"] or second["y"] + second["h"] <= first["y"]
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)
