"""What a registry holds, as read-only mappings."""

from __future__ import annotations

from typing import Any

import pytest

from sqlspec import SQLSpec
from sqlspec.adapters.duckdb import DuckDBConfig
from sqlspec.adapters.sqlite import SQLiteConfig


def test_the_configs_by_name() -> None:
    """The same objects, in the order of registration."""
    spec = SQLSpec()
    second = spec.register_config(SQLiteConfig(), "second")
    first = spec.register_config(DuckDBConfig(), "first")

    assert list(spec.configs.items()) == [("second", second), ("first", first)]
    assert spec.configs["first"] is first


def test_the_configs_by_type() -> None:
    """As `get_config_by_type` finds them: of several the default, if it is one of them."""
    spec = SQLSpec()
    analytics = spec.register_config(DuckDBConfig(), "analytics")
    spec.register_config(SQLiteConfig(), "one")
    two = spec.register_config(SQLiteConfig(), "two")

    assert spec.config_by_type == {DuckDBConfig: analytics}
    spec.set_default("two")
    assert spec.config_by_type == {DuckDBConfig: analytics, SQLiteConfig: two}


@pytest.mark.parametrize("view", ["configs", "config_by_type"])
def test_a_view_can_not_be_written(view: str) -> None:
    """Databases are registered by methods alone."""
    spec = SQLSpec()
    spec.register_config(SQLiteConfig(), "main")
    mapping: Any = getattr(spec, view)

    with pytest.raises(TypeError):
        mapping["other"] = SQLiteConfig()
    with pytest.raises(AttributeError):
        setattr(spec, view, {})


def test_the_default_configs_name() -> None:
    """What was chosen, or the only one; None where a name must be given."""
    spec = SQLSpec()
    assert spec.default_config_name is None
    spec.register_config(SQLiteConfig(), "main")
    assert spec.default_config_name == "main"
    spec.register_config(SQLiteConfig(), "other")
    assert spec.default_config_name is None
    spec.set_default("other")
    assert spec.default_config_name == "other"
    spec.unregister_config("other")
    assert spec.default_config_name == "main"
