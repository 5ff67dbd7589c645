"""How pytest runs a test of the kit: within a limit, and without harm by what a broken adapter raises."""

from __future__ import annotations

import dis
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeGuard

import pytest

from .adapter import AdapterTests
from .limits import limited, mark_for_pytest_timeout
from .promises import ADAPTER, DECLARED, TRIAL, capabilities_of, skip_undeclared

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ("KitRun", "is_of_kit")

RAISES = dis.opmap["RAISE_VARARGS"]
TRIED: pytest.StashKey[bool] = pytest.StashKey()
"""Whether a test passed on trial."""
MOST_OF_A_TEXT = 200


def is_of_kit(item: pytest.Item) -> TypeGuard[pytest.Function]:
    """Whether the kit brought this test."""
    return isinstance(item, pytest.Function) and item.cls is not None and issubclass(item.cls, AdapterTests)


class KitRun:
    """pytest's hooks around each test of the kit."""

    def __init__(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        self._limits = not config.pluginmanager.hasplugin("timeout")
        if not self._limits:
            for item in items:
                if is_of_kit(item):
                    mark_for_pytest_timeout(item, _tests(item).limit)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """A trial may fail here, too."""
        with self._care(item, "before the test"):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """A trial never fails, and never passes."""
        with self._care(item, "in the test"):
            result = yield
        if TRIAL in item.stash:
            item.stash[TRIED] = True
            adapter, capability = item.stash[TRIAL]
            skip_undeclared(
                adapter, capability, f"On trial the test passes: you could declare Capability.{capability}."
            )
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """What a trial leaves is no fault of the adapter."""
        try:
            with self._care(item, "after the test"):
                return (yield)
        except pytest.skip.Exception:
            return None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Say whose test it was, and of what; xdist carries it along."""
        report = yield
        if is_of_kit(item):
            info, about = item.stash.get(ADAPTER, None), capabilities_of(item)
            report.sqlspec_kit = {  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue]
                "adapter": info.name if info else None,
                "declared": sorted(one.name for one in item.stash[DECLARED]) if info else None,
                "capability": about[0].name if about else None,
                "table": _table(_tests(item)),
                "tried": item.stash.get(TRIED, None),
            }
        return report

    @contextmanager
    def _care(self, item: pytest.Item, when: str) -> Generator[None, None, None]:
        if not is_of_kit(item):
            yield
            return
        try:
            if self._limits:
                with limited(item.nodeid, _tests(item).limit):
                    yield
            else:
                yield
        except pytest.skip.Exception:
            raise
        except BaseException as exc:
            if isinstance(exc, KeyboardInterrupt) and not _is_made(exc):
                raise  # whoever runs the tests wants no more of them
            if TRIAL in item.stash and not isinstance(exc, pytest.exit.Exception):
                item.stash[TRIED] = False
                skip_undeclared(*item.stash[TRIAL], f"On trial the test fails: {_text(exc)}")
            if isinstance(exc, (Exception, pytest.fail.Exception)):
                raise
            pytest.fail(f"{type(exc).__name__} was raised {when}, {_place(exc)}: {WORDS}")


WORDS = (
    "an adapter and its driver raise nothing but an Exception. A KeyboardInterrupt, a SystemExit or a "
    "cancellation comes from the application, or from a signal, and is passed on."
)


def _tests(item: pytest.Function) -> type[AdapterTests]:
    cls: Any = item.cls
    return cls  # type: ignore[no-any-return]


def _table(cls: type) -> str:
    """The class of the kit that the test class inherits from."""
    return next((base.__name__ for base in cls.__mro__ if base.__module__.startswith("sqlspec_testkit.")), "")


def _is_made(exc: BaseException) -> bool:
    """Whether a statement raised it; a real Ctrl-C comes between two others."""
    frame = exc.__traceback__
    if frame is None:
        return False
    while frame.tb_next is not None:
        frame = frame.tb_next
    return frame.tb_frame.f_code.co_code[frame.tb_lasti] == RAISES


def _place(exc: BaseException) -> str:
    frame = exc.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return f"in {frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame else "nobody knows where"


def _text(exc: BaseException) -> str:
    """The first line of an exception, whatever its own text does."""
    try:
        text = f"{type(exc).__name__}: {exc}".partition("\n")[0]
    except BaseException:  # noqa: BLE001 - the driver's
        text = type(exc).__name__
    return text[:MOST_OF_A_TEXT]
