"""The page for Prometheus is its own library's, and is not there without it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from prometheus_client import REGISTRY, Counter
from prometheus_client.exposition import choose_encoder
from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .sites import Site

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


@pytest.fixture
def counter() -> Iterator[Counter]:
    """In the default registry, counted to three."""
    counter = Counter("sqlspec_test_orders", "Orders.")
    counter.inc(3)
    yield counter
    REGISTRY.unregister(counter)


@pytest.mark.usefixtures("counter")
async def test_what_is_in_the_default_registry_is_shown(site: Site) -> None:
    """In the text format, which Prometheus reads."""
    response = await site.ask("/metrics")

    values = {
        sample.name: sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }
    assert values["sqlspec_test_orders_total"] == 3.0
    assert response.headers["content-type"] == choose_encoder("")[1]


@pytest.mark.usefixtures("counter")
async def test_openmetrics_is_spoken_when_it_is_asked_for(site: Site) -> None:
    """As newer Prometheus does."""
    response = await site.ask("/metrics", accept=OPENMETRICS)

    assert response.headers["content-type"] == choose_encoder(OPENMETRICS)[1]
    assert response.text.endswith("# EOF\n")
    assert "sqlspec_test_orders_total 3.0" in response.text


@pytest.mark.parametrize(
    "accept", ["*/*", "application/openmetrics-text; version=new", "text/plain; version=new", ","]
)
async def test_whatever_is_asked_for_something_is_answered(site: Site, accept: str) -> None:
    """A scraper's mistake is no error of ours."""
    response = await site.ask("/metrics", accept=accept)

    assert response.status_code == 200
    assert response.headers["content-type"] == choose_encoder("")[1]


async def test_without_the_library_it_says_what_to_install(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the other pages are as they were."""
    monkeypatch.setitem(sys.modules, "prometheus_client", None)

    response = await site.ask("/metrics")

    assert response.status_code == 404
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert "pip install prometheus-client" in response.text
    assert (await site.ask("/ready")).status_code == 200


WORKER = """
from prometheus_client import Counter

Counter("sqlspec_test_orders", "Orders.").inc(4)
"""


@pytest.fixture
def _two_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That count to four, and end."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    for _ in range(2):
        subprocess.run([sys.executable, "-c", WORKER], check=True)


@pytest.mark.usefixtures("_two_processes")
async def test_of_several_processes_the_sum_is_shown(site: Site) -> None:
    """In multiprocess mode, as with gunicorn: what all of them have written."""
    response = await site.ask("/metrics")

    assert "sqlspec_test_orders_total 8.0" in response.text
