"""In a forked child nothing is collected before it is known what was inherited."""

from __future__ import annotations

import gc
import os

import pytest

from sqlspec.concurrency.forks import renew_locks_of

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")


class Thing:
    """What has locks of its own."""


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_garbage_is_not_collected_while_connections_are_disowned() -> None:
    """A finaliser would close what is the parent's; afterwards collections go on."""
    seen: list[bool] = []
    thing = Thing()
    renew_locks_of(thing, lambda _: seen.append(gc.isenabled()))

    pid = os.fork()
    if pid == 0:
        os._exit(0 if (seen, gc.isenabled()) == ([False], True) else 1)

    assert os.waitpid(pid, 0)[1] == 0
    assert seen == []
