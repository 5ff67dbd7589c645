"""What the handler of a signal raises is not taken for the fault of the plugin that it interrupts."""

from __future__ import annotations

import gc
import signal
import sys
from itertools import count
from typing import TYPE_CHECKING, Any, Self

import pytest

from sqlspec import SQLSpec
from sqlspec.database.resources import KeptResources
from sqlspec.errors import AdapterBrokenError
from sqlspec.loading.manager import Plugins
from sqlspec.plugin import hookimpl, wrap_awaitable
from sqlspec_testkit.scripted import Script, ScriptedPlugin
from tests.plugin.fakes import HEAD, HOOK
from tests.plugin.sides import registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.plugin.fakes import Site

RAISING = "import signal\nsignal.raise_signal(signal.SIGUSR1)\n"


class TimeLimit(Exception):  # noqa: N818 - a limit
    """As that of a task queue."""


def expire(number: int, frame: object) -> None:  # noqa: ARG001 - as every handler
    """The handler."""
    raise TimeLimit


def signalled(*_: object) -> None:
    """The signal comes now."""
    signal.raise_signal(signal.SIGUSR1)


@pytest.fixture(autouse=True)
def _handler() -> Iterator[None]:
    before = signal.signal(signal.SIGUSR1, expire)
    yield
    signal.signal(signal.SIGUSR1, before)


def test_an_import_that_was_interrupted_may_succeed_the_next_time(site: Site) -> None:
    """The plugin is not broken: what was raised is not remembered."""
    site.adapter("alpha", RAISING + HEAD + HOOK)
    plugins = Plugins()
    with pytest.raises(TimeLimit):
        plugins.adapter("alpha")
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)

    assert plugins.adapter("alpha").name == "alpha"


def test_the_import_of_a_config_class_that_was_interrupted_may_succeed(site: Site) -> None:
    """The same for what an `ADAPTER` names."""
    site.adapter("alpha")
    path = site.path / "fake_alpha" / "config.py"
    path.write_text(RAISING + path.read_text())
    plugins = Plugins()
    with pytest.raises(TimeLimit):
        plugins.config_type("alpha")
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)

    assert plugins.config_type("alpha").adapter == "alpha"


def test_an_import_that_fails_is_remembered(site: Site) -> None:
    """It is only the handler's exception that is not."""
    site.adapter("alpha", "raise TimeoutError\n")
    plugins = Plugins()

    for _ in range(2):
        with pytest.raises(AdapterBrokenError, match=r"importing .* raised TimeoutError"):
            plugins.adapter("alpha")


class AtStep:
    """A handler's exception at one step of the block: CPython looks for signals at these steps."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __enter__(self) -> Self:
        gc.disable()  # in somebody's finaliser the exception would be lost
        sys.setprofile(self._step)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        gc.enable()

    def _step(self, frame: object, event: str, _: object) -> None:  # noqa: ARG002 - as a handler
        if event in {"call", "c_return"}:
            self.left -= 1
            if self.left == 0:
                sys.setprofile(None)
                raise TimeLimit


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # raised while a generator ends
def test_a_first_use_that_was_interrupted_anywhere_leaves_a_registry_that_works(site: Site) -> None:
    """At every step of checking and registering an adapter.

    It was found and imported before: the import system and importlib_metadata swallow some exceptions.
    """
    site.adapter("alpha", HEAD + HOOK)
    Plugins().adapter("alpha")
    seen = 0
    for number in count(1):
        plugins = Plugins()
        step = AtStep(number)
        try:
            with step:
                plugins.adapter("alpha")
        except TimeLimit:
            seen += 1

        create: Any = plugins.hook("sqlspec_create_connection", "alpha")
        assert create("config", None) == "config", f"step {number}"
        assert plugins.implements("sqlspec_create_connection", "alpha"), f"step {number}"
        if step.left > 0:
            break

    assert seen > 200


class Told:
    """An observer in whose call the signal comes."""

    @hookimpl
    def sqlspec_config_registered(self) -> None:
        """Interrupted."""
        signalled()


def test_a_signal_while_an_observer_is_told_is_no_failure_of_its(caplog: pytest.LogCaptureFixture) -> None:
    """Neither logged nor counted."""
    spec = SQLSpec()
    spec.plugins.register(Told())
    spec.plugins.register(ScriptedPlugin(Script()))

    with pytest.raises(TimeLimit):
        spec.register_config({"adapter": "scripted"}, "db")

    assert spec.plugins.observer_errors == 0
    assert caplog.records == []


async def test_a_signal_while_a_wrapper_is_told_comes_out(caplog: pytest.LogCaptureFixture) -> None:
    """Of what `wrap_awaitable` returned; it is not logged."""

    async def opened() -> str:
        return "a connection"

    with pytest.raises(TimeLimit):
        await wrap_awaitable(opened(), after=signalled)

    assert caplog.records == []


def test_a_signal_while_resources_are_closed_goes_before_their_errors() -> None:
    """And all of them are closed."""
    kept, closed = KeptResources(), list[str]()

    def fail(name: str) -> None:
        closed.append(name)
        raise ValueError

    kept.get("one", lambda: "one", closed.append)
    kept.get("two", lambda: "two", signalled)
    kept.get("three", lambda: "three", fail)

    with pytest.raises(TimeLimit):
        kept.close()

    assert closed == ["three", "one"]


class Ends:
    """A pool of an adapter's own whose end the test decides."""

    def __init__(self, act: Any) -> None:
        self._act, self.is_closed = act, False

    def close(self, deadline: float | None = None) -> None:  # noqa: ARG002 - the contract's
        """The end."""
        self.is_closed = True
        self._act()

    acquire = release = retire = abandon = stats = close


class EndsPlugin(ScriptedPlugin):
    """Makes them, one for each database."""

    def __init__(self, *acts: Any) -> None:
        super().__init__(Script())
        self.acts, self.pools = list(acts), list[Ends]()

    @hookimpl
    def sqlspec_create_pool(self) -> Any:
        """The next."""
        self.pools.append(Ends(self.acts.pop(0)))
        return self.pools[-1]


def fail() -> None:
    """An error of the pool's own."""
    raise ValueError


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_signal_while_a_registry_is_closed_comes_out_as_itself(is_async: bool) -> None:
    """It is in no group, and the other databases are closed, too."""
    plugin = EndsPlugin(fail, signalled, fail)
    spec = registry(plugin)
    for name in ("two", "three"):
        spec.register_config({"adapter": "scripted"}, name)
    for name in spec.names:
        spec._table.find(name).open_pool()

    with pytest.raises(TimeLimit):
        await spec.aclose() if is_async else spec.close()

    assert [pool.is_closed for pool in plugin.pools] == [True, True, True]
