"""The file of `--sqlspec-report`: each adapter's versions, and how the tests of each capability ended."""

from __future__ import annotations

import json
import platform
from collections import defaultdict
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlspec import SQLSpec, SQLSpecError
from sqlspec.plugin import Capability

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlspec.plugin import AdapterInfo

__all__ = ("FORMAT", "write")

FORMAT = 1
"""Of the file. Another number means another meaning."""


def write(path: str, tests: Mapping[str, Mapping[str, Any]], undeclared: set[tuple[str, str]]) -> None:
    """Write the report of these *tests*, by their ids."""
    by_adapter: defaultdict[str, dict[str, Mapping[str, Any]]] = defaultdict(dict)
    for name, test in tests.items():
        if test.get("adapter"):
            by_adapter[test["adapter"]][name] = test
    report = {
        "format": FORMAT,
        "versions": {"python": platform.python_version()} | _versions(["sqlspec", "sqlspec-testkit"]),
        "adapters": {
            adapter: _adapter(adapter, of_it, {name for owner, name in undeclared if owner == adapter})
            for adapter, of_it in sorted(by_adapter.items())
        },
    }
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _adapter(name: str, tests: Mapping[str, Mapping[str, Any]], undeclared: set[str]) -> dict[str, Any]:
    by_capability: defaultdict[str, dict[str, Mapping[str, Any]]] = defaultdict(dict)
    by_table: defaultdict[str, dict[str, Mapping[str, Any]]] = defaultdict(dict)
    for test_id, test in tests.items():
        by_table[test["table"]][test_id] = test
        if "capability" in test:
            by_capability[test["capability"]][test_id] = test
    declared: set[str] = set(next((test["declared"] for test in tests.values() if "declared" in test), ()))
    return {
        **_installed(name),
        "capabilities": {
            one.name: {
                "declared": one.name in declared,
                "could_be_declared": one.name in undeclared,
                **_outcomes(by_capability[one.name]),
            }
            for one in Capability
        },
        "tables": {table: _outcomes(of_it) for table, of_it in sorted(by_table.items())},
    }


def _outcomes(tests: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """How many passed, and which did not, with the reason."""
    others = {
        outcome: {name: test["reason"] for name, test in tests.items() if test["outcome"] == outcome}
        for outcome in ("failed", "skipped")
    }
    return {"passed": len(tests) - sum(map(len, others.values())), **others}


def _installed(name: str) -> dict[str, Any]:
    """Where the adapter is from, and its driver."""
    plugins = SQLSpec().plugins
    row = next((row for row in plugins if row.kind == "adapter" and row.name == name), None)
    try:
        info: AdapterInfo | None = plugins.adapter(name).info
    except SQLSpecError:  # registered by its tests alone
        info = None
    module = info.driver.partition(".")[0] if info else ""
    return {
        "distribution": row.distribution if row else None,
        "version": row.version if row else None,
        "driver": info.driver if info else None,
        "driver_versions": _versions(sorted(set(packages_distributions().get(module, ())))),
    }


def _versions(distributions: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in distributions:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
