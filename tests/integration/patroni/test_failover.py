"""The primary of a cluster is killed, frozen, switched over while an application writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .cluster import Cluster
from .history import Outcome, returns_to, wrongly_stored
from .storm import FAULTS, LOADS, TABLES, run_storm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .load import Load
    from .storm import Storm

pytestmark = pytest.mark.storm


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Three nodes for all storms: each leaves it healthy."""
    with Cluster() as cluster:
        cluster.heal().sql(TABLES)
        yield cluster


@pytest.fixture(scope="module", params=FAULTS)
def storm(cluster: Cluster, request: pytest.FixtureRequest) -> Storm:
    """One for each fault; it is over when the tests look at it."""
    return run_storm(cluster, request.param)


@pytest.fixture(params=LOADS)
def load(storm: Storm, request: pytest.FixtureRequest) -> Load:
    """Each adapter, in tasks and in threads."""
    return storm.loads[request.param]


def test_what_is_acknowledged_is_stored_once(storm: Storm, load: Load) -> None:
    """What failed is not, and what has an unknown outcome at most once, when the cluster is healthy again."""
    assert wrongly_stored(load.writes, storm.stored) == []


def test_nothing_is_stored_that_nobody_wrote(storm: Storm) -> None:
    """The table holds what the loads tell of, and nothing else."""
    told = {(write.worker, write.number) for load in storm.loads.values() for write in load.writes}

    assert storm.stored.keys() - told == set()


def test_the_first_write_succeeds_within_a_second(storm: Storm, load: Load) -> None:
    """After the new primary takes one, though the old primary is first in the URL, and frozen perhaps."""
    stored = [write for write in load.writes if write.outcome is Outcome.STORED]

    assert min(write.ended for write in stored if write.port == storm.new.port) < storm.accepted + 1.0
    assert any(write.port == storm.old.port for write in stored)


def test_who_has_met_the_new_primary_does_not_return_to_the_old(storm: Storm, load: Load) -> None:
    """Neither while that is frozen, nor when it is thawed and has not yet learned that it is no primary."""
    assert returns_to(storm.old.port, load.writes) == []


def test_the_books_add_up_and_everything_is_idle(load: Load) -> None:
    """Whatever befell the connections of the pool."""
    stats = load.stats

    assert stats is not None
    assert (stats.in_use, stats.opening, stats.waiting) == (0, 0, 0)
    assert stats.opened == stats.closed + stats.idle
    assert stats.closed == sum(
        (stats.aged, stats.dead, stats.cold, stats.unclean, stats.retired, stats.reclaimed)
    )
