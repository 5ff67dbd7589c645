# Printed from _async.py by tools/print_sync.py; do not edit.
# ruff: noqa: PLR2004, S101 - assertions are the point
"""Connections are lent and come back, and who gets none is told why: also for a database without SQL."""

from __future__ import annotations

import socket
import time
import traceback
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import ConnectError, NotSupportedError
from sqlspec_testkit.adapter import AdapterTests
from sqlspec_testkit.asked import skip_without
from sqlspec_testkit.promises import note_adapter
from sqlspec_testkit.sides import check_side

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlspec import SQLSpec

__all__ = ("Lending",)

CANARY = "c4n4ry"
"""A password that no text may hold."""
CONNECT_TIMEOUT = 1.0
"""Seconds, as a `silent_config` has them."""
LATE = 1.0 + 1.5
"""Seconds after a limit: the one that is promised, and what a busy machine takes."""
LENDINGS = 5


class Boom(Exception):  # noqa: N818 - the application's own
    """What a block raises."""


class Lending(AdapterTests):
    """No test sends a statement."""

    @pytest.fixture
    def registry(self) -> SQLSpec:
        """An empty registry."""
        return self.make_registry()

    @pytest.fixture
    def lender(
        self, request: pytest.FixtureRequest, registry: SQLSpec, tmp_path: Path
    ) -> Iterator[SQLSpec]:
        """A registry with one database, `kit`."""
        config = self.make_config(tmp_path)
        info = registry.plugins.adapter(config.adapter).info
        note_adapter(request.node, info)
        check_side(info)
        with registry as spec:
            spec.register_config(config, "kit")
            yield spec

    @pytest.mark.parametrize("ended", ["well", "by an error"])
    def test_what_was_lent_comes_back(self, lender: SQLSpec, ended: str) -> None:
        """Each time, and it is lent again."""
        during = []

        for _ in range(LENDINGS):
            with suppress(Boom):
                with lender.provide_connection("kit"):
                    during.append(lender.stats("kit").in_use)
                    if ended != "well":
                        raise Boom

        assert during == [1] * LENDINGS
        assert lender.stats("kit").in_use == 0

    def test_two_owners_have_a_connection_each(self, lender: SQLSpec) -> None:
        """Nobody shares one."""
        with lender.provide_connection("kit") as one, lender.provide_connection("kit") as other:
            assert one is not other
            assert lender.stats("kit").in_use == 2

        assert lender.stats("kit").in_use == 0

    def test_what_the_application_raises_comes_out_as_it_is(self, lender: SQLSpec) -> None:
        """The very object, with nothing chained to it."""
        boom = Boom()

        with pytest.raises(Boom) as caught:
            with lender.provide_connection("kit"):
                raise boom

        assert caught.value is boom
        assert (boom.__cause__, boom.__context__) == (None, None)

    def test_a_ping_is_answered(self, lender: SQLSpec) -> None:
        """Or the adapter says that it has none."""
        with suppress(NotSupportedError):
            lender.ping("kit")

        assert lender.stats("kit").in_use == 0

    def test_the_end_of_the_registry_closes_what_is_idle(self, lender: SQLSpec) -> None:
        """And a second end does nothing."""
        with lender.provide_connection("kit"):
            pass

        lender.close()
        lender.close()
        lender.open()

        assert lender.stats("kit").size == 0

    def test_why_no_connection_is_made_is_told_by_class(
        self, registry: SQLSpec, tmp_path: Path
    ) -> None:
        """With the driver's error for its cause, and never a password."""
        broken = self.broken_configs(tmp_path)
        if not broken:
            skip_without(self, "broken_configs")

        with registry as spec:
            for kind, config in broken.items():
                spec.register_config(config, kind.__name__)
                with pytest.raises(ConnectError) as caught:
                    with spec.provide_connection(kind.__name__):
                        pass
                assert type(caught.value) is kind
                assert CANARY not in "".join(traceback.format_exception(caught.value))

    def test_a_server_that_says_nothing_is_given_up(self, registry: SQLSpec, tmp_path: Path) -> None:
        """At the end of `connect_timeout`, as `ConnectError`: it accepts, and no word follows."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            config = self.silent_config(tmp_path, server.getsockname()[1])
            if config is None:
                skip_without(self, "silent_config")
            with registry as spec:
                spec.register_config(config, "silent")
                started = time.monotonic()
                with pytest.raises(ConnectError):
                    with spec.provide_connection("silent"):
                        pass
                took = time.monotonic() - started

        assert took < CONNECT_TIMEOUT + LATE
