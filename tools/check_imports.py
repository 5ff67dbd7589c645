"""Imports run down the floors of the house, and no module of core but the fronts names an adapter.

The floors are in `FLOORS`, and docs/house.md says what lives on each. A room is a folder, or a file at the
top of `sqlspec/`. It imports only what stands below it, and never another room of its own floor. An import in
a function counts like any other, and so does one for types alone: to read the one, one must know the other.
What is built like an application (`APPLICATIONS`) imports only what an application could.
An adapter has no private door: it imports `sqlspec`, `sqlspec.errors`, `sqlspec.plugin`, the modules that
are a second step of it, and its driver. Its own modules import each other in one direction only.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
DOOR = "sqlspec"  # the package's own __init__
FLOORS = (
    {"arguments", "errors", "lending", "notebooks"},
    {"adapters", "concurrency", "config", "sql"},
    {"plugin", "pool"},
    {"loading", "observe", "result"},
    {"session"},
    {"database"},
    {"registry"},
    {DOOR},
    {"cli", "integrations"},
    {"__main__"},
)
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
# What is built like an application, and its doors.
APPLICATIONS = {
    "cli": {"sqlspec", "sqlspec.errors", "sqlspec.plugin"},
    "integrations": {"sqlspec", "sqlspec.errors"},
}
# (who, whom) -> why an import may go up. May only shrink.
UPWARD: dict[tuple[str, str], str] = {}
DRIVERS = {
    "aiosqlite",
    "asyncmy",
    "asyncpg",
    "duckdb",
    "psycopg",
    "psycopg_pool",
    "pymysql",
    "redis",
    "sqlite3",
}
PUBLIC = {
    "sqlspec",
    "sqlspec.errors",
    "sqlspec.plugin",
    # A second step of that door, for those who need it.
    "sqlspec.plugin.events",
    "sqlspec.plugin.files",
    "sqlspec.plugin.network",
    "sqlspec.plugin.places",
    "sqlspec.plugin.postgresql",
    "sqlspec.plugin.sources",
    "sqlspec.plugin.stopping",
}
# Packages whose modules still import each other in circles. May only shrink.
CIRCULAR: set[str] = set()


class Import(NamedTuple):
    """One imported module, by its full name, and how it is imported."""

    module: str
    line: int
    for_types: bool
    in_function: bool


class _Imports(ast.NodeVisitor):
    """Collects a module's imports; knows whether it stands under TYPE_CHECKING or in a function."""

    def __init__(self, package: list[str], root: Path) -> None:
        self.package, self.root = package, root
        self.found: list[Import] = []
        self.for_types = self.in_function = False

    def visit_If(self, node: ast.If) -> None:
        before, self.for_types = self.for_types, self.for_types or ast.unparse(node.test) == "TYPE_CHECKING"
        for child in node.body:
            self.visit(child)
        self.for_types = before
        for child in node.orelse:
            self.visit(child)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._visit_function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._visit_function(node)

    def _visit_function(self, node: ast.AST) -> None:
        before, self.in_function = self.in_function, True
        self.generic_visit(node)
        self.in_function = before

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._add(alias.name, node.lineno)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = self.package[: len(self.package) - node.level + 1] if node.level else []
        module = ".".join([*base, *([node.module] if node.module else [])])
        for alias in node.names:
            below = self.root.joinpath(*module.split("."), alias.name)
            is_module = below.is_dir() or below.with_suffix(".py").is_file()
            self._add(f"{module}.{alias.name}" if is_module else module, node.lineno)

    def _add(self, module: str, line: int) -> None:
        self.found.append(Import(module, line, self.for_types, self.in_function))


def imports(path: Path, root: Path) -> list[Import]:
    """All that the file imports; *root* is the folder its top package lies in."""
    visitor = _Imports(list(path.relative_to(root).parent.parts), root)
    visitor.visit(ast.parse(path.read_text("utf-8")))
    return visitor.found


def room_of(module: str) -> str:
    """The room of a core module: `pool` for `sqlspec.pool.state`, the door for `sqlspec` itself."""
    return [*module.split("."), DOOR][1]


def wrong(room: str, found: Import) -> str | None:
    """What is wrong with an import by core's *room*; None if nothing is."""
    top = found.module.split(".")[0]
    if top in DRIVERS:
        return f"core imports the driver {top}"
    if top.startswith("sqlspec_") and room != "adapters":
        return f"core names the adapter {top}"
    if top != "sqlspec":
        return None
    whom = room_of(found.module)
    if whom != room and found.module not in APPLICATIONS.get(room, {found.module}):
        return f"{room} imports {found.module}, which is no door for applications"
    if whom == room or (room, whom) in UPWARD or FLOOR.get(whom, len(FLOORS)) < FLOOR[room]:
        return None
    return f"{room} imports {found.module}, which does not stand below it"


def core_problems(root: Path) -> Iterator[str]:
    """What core imports that it must not."""
    pairs: set[tuple[str, str]] = set()
    for path in sorted((root / "sqlspec").rglob("*.py")):
        where = path.relative_to(root)
        room = room_of(".".join(where.with_suffix("").parts).removesuffix(".__init__"))
        if room not in FLOOR:
            yield f"{where}: {room!r} has no place in tools/check_imports.py"
            continue
        for found in imports(path, root):
            pairs.add((room, room_of(found.module)))
            if problem := wrong(room, found):
                yield f"{where}:{found.line}: {problem}"
    for one, other in sorted(UPWARD.keys() - pairs):
        yield f"tools/check_imports.py: {one} -> {other} is allowed but not used"


def member_problems(root: Path) -> Iterator[str]:
    """What the distributions beside core import of it that is not public."""
    for path in sorted([*root.glob("adapters/*/src/**/*.py"), *root.glob("testkit/src/**/*.py")]):
        source_root = next(parent for parent in path.parents if parent.name == "src")
        for found in imports(path, source_root):
            if found.module.split(".")[0] == "sqlspec" and found.module not in PUBLIC:
                yield f"{path.relative_to(root)}:{found.line}: {found.module} is not public"


def circle_problems(root: Path) -> Iterator[str]:
    """Modules of an adapter that import each other, directly or by way of others."""
    for source_root in sorted(root.glob("adapters/*/src")):
        graph: dict[str, set[str]] = {}
        for path in sorted(source_root.rglob("*.py")):
            module = ".".join(path.relative_to(source_root).with_suffix("").parts).removesuffix(".__init__")
            graph[module] = {found.module for found in imports(path, source_root)} - {module}
        circular = [module for module in graph if module in reachable(graph, module)]
        if circular and circular[0].split(".")[0] not in CIRCULAR:
            yield f"{source_root.relative_to(root)}: imports in a circle: {', '.join(circular)}"


def reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    """All modules that *start* imports, and those that they import."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = graph.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


def problems(root: Path) -> list[str]:
    """All of it, a line each."""
    return [*core_problems(root), *member_problems(root), *circle_problems(root)]


def main() -> int:
    """Exit 0 if every import points the right way, else 1."""
    found = problems(ROOT)
    sys.stderr.writelines(f"{problem}\n" for problem in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
