"""The process in which wrong adapters are judged, one for each worker."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from testkit.tests.judge.warm import Warm

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
"""Where files are in memory, on Linux: half of the time of a run is the disk's."""


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """A pytest that has collected the kit."""
    with (
        tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder,
        Warm(Path(folder)) as warm,
    ):
        yield warm
