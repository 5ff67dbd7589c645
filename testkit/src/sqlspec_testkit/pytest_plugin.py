"""What pytest learns from the kit: to explain its assertions, and to say which adapters are installed."""

from __future__ import annotations

import sys
from contextlib import suppress

import pytest

from .verdicts import Verdicts

# Before anything imports them: of an editable install pytest does not know the files.
MODULES = (
    "arrow",
    "blocks",
    "cancellations",
    "capabilities",
    "columns",
    "contract",
    "endings",
    "errors",
    "failures",
    "fixtures",
    "leftovers",
    "lending",
    "life",
    "loads",
    "manners",
    "sides",
    "tasks",
    "threads",
    "values",
)
pytest.register_assert_rewrite(*(f"sqlspec_testkit.{module}" for module in MODULES))
pytest_plugins = ("sqlspec_testkit.fixtures.servers", "sqlspec_testkit.fixtures.applications")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--sqlspec-report`."""
    parser.getgroup("sqlspec").addoption(
        "--sqlspec-report",
        metavar="FILE.json",
        help="write what the adapters declare and what of it their tests of sqlspec-testkit show",
    )


def pytest_configure(config: pytest.Config) -> None:
    """The mark of tests that are about a capability, and what listens to their reports."""
    config.addinivalue_line("markers", "sqlspec_promised(*names, tried): the capabilities it is about")
    config.pluginmanager.register(Verdicts(config), "sqlspec_testkit_verdicts")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of the kit are run with care."""
    # Whoever imported none of its classes has none of its tests.
    if "sqlspec_testkit.adapter" in sys.modules:
        from .basics import Basics, basic_first
        from .running import KitRun, is_of_kit

        if any(map(is_of_kit, items)):
            items[:] = basic_first(items)
            config.pluginmanager.register(Basics(), "sqlspec_testkit_basics")
            config.pluginmanager.register(KitRun(config, items), "sqlspec_testkit_run")


def pytest_report_header() -> str:
    """`sqlspec adapters: sqlite 1.0.0 (api 1)`; a broken one says so, and breaks nothing."""
    from sqlspec import SQLSpec, SQLSpecError

    plugins = SQLSpec().plugins
    for name in {status.name for status in plugins if status.kind == "adapter"}:
        with suppress(SQLSpecError):  # the listing says it
            plugins.adapter(name)
    described = [
        f"{status.name} {status.version} ({f'api {status.api}' if status.api else status.status})"
        for status in plugins
        if status.kind == "adapter"
    ]
    return f"sqlspec adapters: {', '.join(described) or 'none'}"
