"""What the reports of a run say of the adapters: for its summary, and for `--sqlspec-report`."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

__all__ = ("Verdicts",)


class Verdicts:
    """Listens to the reports of the kit's tests; with xdist they all come to the one that writes."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._tests: dict[str, dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how a test ended: as its worst phase did."""
        facts: dict[str, Any] | None = getattr(report, "sqlspec_kit", None)
        if facts is None:
            return
        test = self._tests.setdefault(report.nodeid, {"outcome": "passed", "reason": ""})
        test |= {key: value for key, value in facts.items() if value is not None}
        if report.outcome != "passed" and test["outcome"] != "failed":
            test |= {"outcome": report.outcome, "reason": _reason(report)}

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what could be declared."""
        lines = [
            f"adapter {adapter!r} could declare Capability.{capability}: {_passes(count)} without it"
            for (adapter, capability), count in sorted(self._undeclared().items())
        ]
        if lines:
            terminalreporter.section("sqlspec capabilities")
            for line in lines:
                terminalreporter.line(line)

    def pytest_sessionfinish(self) -> None:
        """Write the file that was asked for."""
        path = self._config.getoption("--sqlspec-report")
        if path and not hasattr(self._config, "workerinput"):
            from .report.facts import write

            write(path, self._tests, set(self._undeclared()))

    def _undeclared(self) -> dict[tuple[str, str], int]:
        """What no adapter declares though all its tests pass, and how many these are."""
        trials: defaultdict[tuple[str, str], list[bool]] = defaultdict(list)
        for test in self._tests.values():
            if "tried" in test:
                trials[test["adapter"], test["capability"]].append(test["tried"])
        return {key: len(passed) for key, passed in trials.items() if all(passed)}


def _passes(count: int) -> str:
    return "its test passes" if count == 1 else f"its {count} tests pass"


def _reason(report: pytest.TestReport) -> str:
    """Why a test was skipped, or the line that failed."""
    if report.skipped and isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(getattr(crash, "message", report.longrepr)).partition("\n")[0]
