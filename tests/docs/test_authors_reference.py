"""Whatever an author of an adapter can name stands in the tables of docs/adapters.md."""

from __future__ import annotations

import re
from inspect import get_annotations
from pathlib import Path

import pytest

from sqlspec import errors
from sqlspec.plugin import (
    AdapterInfo,
    AsyncConnection,
    AsyncCursor,
    Capability,
    Connection,
    Cursor,
    Dialect,
    LazyResult,
    Outcome,
    RawResult,
    TransactionOptions,
    TransactionStatus,
    hookspecs,
)
from sqlspec.session.plan import ISOLATION_LEVELS
from sqlspec.sql import DIALECTS
from sqlspec.sql.paramstyle import PARAMSTYLES

PAGE = (Path(__file__).parents[2] / "docs" / "adapters.md").read_text("utf-8")
SECTIONS = {part.partition("\n")[0]: part for part in re.split(r"^## ", PAGE, flags=re.MULTILINE)}


def spoken_of(section: str) -> set[str]:
    """Every word in the inline code of a section, also of code that goes on in the next line; no blocks."""
    prose = re.sub(r"^```.*?^```$", "", SECTIONS[section], flags=re.MULTILINE | re.DOTALL)
    codes = [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose)]
    return {*codes, *(word for code in codes for word in re.findall(r"\w+", code))}


def public(owner: type) -> set[str]:
    """What an author meets of a class: its methods, and what it says of its instances."""
    declared = (name for one in owner.__mro__ for name in get_annotations(one))
    names = {*dir(owner), *declared}
    return {name for name in names if not name.startswith("_")}


def raised_by_adapters() -> set[str]:
    """The errors about what a database says: those that `map_error` returns."""
    return {name for name in errors.__all__ if issubclass(getattr(errors, name), errors.DatabaseError)}


HOOKS = {name for name in vars(hookspecs) if name.startswith("sqlspec_")}
TABLES = {
    "hooks": ("Hooks", HOOKS),
    "methods": ("Methods of a connection", public(Connection) | public(AsyncConnection)),
    "fields of AdapterInfo": ("`AdapterInfo`", {*AdapterInfo.__struct_fields__}),
    "capabilities": ("Capabilities", {one.name for one in Capability}),
    "dialects": ("Dialects", {*DIALECTS, *Dialect.__struct_fields__}),
    "paramstyles": ("Paramstyles", {*PARAMSTYLES}),
    "isolation": ("Isolation levels", {*ISOLATION_LEVELS, "isolation"}),
    "states": ("The state of a transaction", {one.name for one in TransactionStatus}),
    "cursors": ("Results and cursors", public(Cursor) | public(AsyncCursor)),
    "results": ("Results and cursors", {*RawResult.__struct_fields__} | public(LazyResult)),
    "errors": ("Errors", raised_by_adapters()),
}


@pytest.mark.parametrize("table", TABLES)
def test_the_reference_has_all_there_is(table: str) -> None:
    """In the section for it."""
    section, names = TABLES[table]

    assert len(names) > 2
    assert sorted(names - spoken_of(section)) == []


def test_the_reference_tells_how_a_use_is_ended_and_begun() -> None:
    """What `finish` returns, and what `begin` is given."""
    known = spoken_of("Methods of a connection") | spoken_of("Capabilities")

    assert {*Outcome.__struct_fields__, *TransactionOptions.__struct_fields__} - known == set()


def test_every_section_that_is_asked_for_is_there() -> None:
    """The life of a connection, and the ways that are not everybody's."""
    wanted = {
        "The life of a connection",
        "Where code runs",
        "Deadlines",
        "Cancellation",
        "Drivers without an abort",
        "Several dialects in one distribution",
        "Arrow tables, without tuples",
        "A database without SQL",
        "A wrapper: one tenant at a time",
    }

    assert wanted <= SECTIONS.keys()
