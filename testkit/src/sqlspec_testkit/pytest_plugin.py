"""What pytest learns from the kit: to explain its assertions, and to say which adapters are installed."""

from __future__ import annotations

from contextlib import suppress

import pytest

# Before anything imports them: of an editable install pytest does not know the files.
MODULES = (
    "blocks",
    "capabilities",
    "columns",
    "contract",
    "endings",
    "errors",
    "failures",
    "fixtures",
    "life",
    "manners",
    "sides",
    "tasks",
    "threads",
    "values",
)
pytest.register_assert_rewrite(*(f"sqlspec_testkit.{module}" for module in MODULES))
pytest_plugins = ("sqlspec_testkit.fixtures.servers",)


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
