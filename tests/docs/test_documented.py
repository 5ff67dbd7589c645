"""What users can name is in the documents: methods, options, hooks, errors."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import sqlspec
from sqlspec import errors
from sqlspec.adapters.mysql import AsyncMyConfig
from sqlspec.adapters.postgresql import AsyncpgConfig, PostgreSQLConfig
from sqlspec.adapters.redis import RedisConfig
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.plugin import hookspecs
from sqlspec.plugin.network import NetworkConfig

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[2]
DOCS = sorted(ROOT.glob("docs/*.md"))


def _spoken_of(*paths: Path) -> set[str]:
    """Every word in inline code; blocks do not count, since they explain nothing."""
    text = "".join(path.read_text("utf-8") for path in paths)
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return {word for code in re.findall(r"`([^`]+)`", prose) for word in re.findall(r"\w+", code)}


def _public(owner: type) -> set[str]:
    return {name for name in dir(owner) if not name.startswith("_") and hasattr(owner, name)}


def _missing(names: Iterable[str], *paths: Path) -> list[str]:
    return sorted(set(names) - _spoken_of(*paths))


@pytest.mark.parametrize("owner", [sqlspec.SQLSpec, sqlspec.Session, sqlspec.AsyncSession, sqlspec.Result])
def test_every_method_is_documented(owner: type) -> None:
    """Of the registry, of sessions and of results."""
    assert _missing(_public(owner), *DOCS) == []


def test_an_execution_has_the_methods_of_a_result() -> None:
    """So that one table documents both; what is left of it belongs to the rows in memory."""
    assert _public(sqlspec.AsyncExecution) <= _public(sqlspec.Result)


def test_every_error_is_documented() -> None:
    """On the page of errors, with its own attributes."""
    assert _missing(errors.__all__, ROOT / "docs" / "errors.md") == []


def test_every_option_is_documented() -> None:
    """Those of all adapters on the pages of configuration and pool, an adapter's own in its README."""
    shared = {*sqlspec.DatabaseConfig.__struct_fields__, *sqlspec.InstrumentationConfig.__struct_fields__}
    own = {*SQLiteConfig.__struct_fields__} - shared

    assert _missing(shared, ROOT / "docs" / "configuration.md", ROOT / "docs" / "pool.md") == []
    assert _missing(own, ROOT / "adapters" / "sqlspec-sqlite" / "README.md") == []
    assert own


@pytest.mark.parametrize("config_type", [AsyncpgConfig, PostgreSQLConfig, AsyncMyConfig, RedisConfig])
def test_every_option_of_a_network_adapter_is_documented(config_type: Any) -> None:
    """Those of all of them on the page of configuration, an adapter's own in its README."""
    shared = {*NetworkConfig.__struct_fields__}
    own = {*config_type.__struct_fields__} - shared
    pages = [ROOT / "docs" / name for name in ("configuration.md", "pool.md")]

    assert _missing(shared, *pages) == []
    assert _missing(own, ROOT / "adapters" / f"sqlspec-{config_type.adapter}" / "README.md") == []


def test_every_hook_is_documented() -> None:
    """On the page for authors, the creation hooks and the observers."""
    hooks = {name for name in vars(hookspecs) if name.startswith("sqlspec_")}

    assert len(hooks) > 10
    assert _missing(hooks, ROOT / "docs" / "plugins.md") == []


def test_every_name_of_the_door_is_documented() -> None:
    """What an application imports from `sqlspec`."""
    assert _missing(sqlspec.__all__, *DOCS) == []


def test_every_field_of_the_statistics_is_documented() -> None:
    """In the pool's table."""
    assert _missing(sqlspec.PoolStats.__struct_fields__, ROOT / "docs" / "pool.md") == []


def test_every_link_leads_somewhere() -> None:
    """To a file of the repository and, where it names one, to a heading in it."""
    for page in [ROOT / "README.md", *DOCS]:
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", page.read_text("utf-8")):
            path = page.parent / target if target else page
            assert path.is_file(), f"{page.name}: {target}"
            headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
            assert not anchor or anchor in anchors, f"{page.name}: {target}#{anchor}"


def test_every_page_is_in_the_index() -> None:
    """And in the README, which has the same list."""
    pages = {path.name for path in DOCS} - {"index.md"}
    index, readme = ((ROOT / name).read_text("utf-8") for name in ("docs/index.md", "README.md"))

    assert {page for page in pages if f"]({page})" not in index} == set()
    assert {page for page in pages if f"](docs/{page})" not in readme} == set()
