"""For every test of this repository."""

from __future__ import annotations

import gc

from hypothesis import settings

# How long an example takes says how busy the machine is: no test is timed.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_collection_finish() -> None:
    """Take what was collected out of the garbage collector's sight.

    It is a large part of the memory, and many tests ask for a collection, some of them a hundred times. So
    no test calls `gc.unfreeze()`.
    """
    gc.collect()
    gc.freeze()
