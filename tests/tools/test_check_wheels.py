"""The look into wheels, on archives made up for it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest

from tools import check_wheels as checker

if TYPE_CHECKING:
    from pathlib import Path

GOOD = ("sqlspec_x/__init__.py", "sqlspec_x/py.typed", "sqlspec_x-1.0.0.dist-info/licenses/LICENSE")


def wheel(folder: Path, names: tuple[str, ...]) -> Path:
    """A wheel of the distribution sqlspec-x with these files."""
    path = folder / "sqlspec_x-1.0.0-py3-none-any.whl"
    with ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return path


def test_a_good_wheel_has_no_problems(tmp_path: Path) -> None:
    """One package, its marker and its licence."""
    assert list(checker.content_problems(wheel(tmp_path, GOOD))) == []


def test_an_adapter_that_ships_a_path_under_core_is_refused(tmp_path: Path) -> None:
    """Installers let one distribution overwrite another's file without a word."""
    (problem,) = checker.content_problems(wheel(tmp_path, (*GOOD, "sqlspec/adapters/x.py")))

    assert "holds sqlspec, sqlspec_x" in problem


@pytest.mark.parametrize(("missing", "word"), [(1, "py.typed"), (2, "licence")])
def test_what_is_missing_is_told(missing: int, word: str, tmp_path: Path) -> None:
    """The marker for type checkers, the licence."""
    names = tuple(name for number, name in enumerate(GOOD) if number != missing)

    (problem,) = checker.content_problems(wheel(tmp_path, names))

    assert word in problem


def test_a_distribution_that_was_not_built_is_told(tmp_path: Path) -> None:
    """A wheel and a source archive for each, and no other."""
    wheel(tmp_path, GOOD)
    (tmp_path / "sqlspec_x-1.0.0.tar.gz").touch()

    assert list(checker.set_problems(tmp_path, ["sqlspec-x"])) == []
    assert len(list(checker.set_problems(tmp_path, ["sqlspec-x", "sqlspec-y"]))) == 2
