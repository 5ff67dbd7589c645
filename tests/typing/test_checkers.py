"""mypy and pyright see what this folder says, and its files are true at run time, too."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

HERE = Path(__file__).parent
IGNORE = re.compile(r"  # (type|pyright): ignore.*")


def verdict(*checker: str) -> str:
    """What a checker has to say about this folder; nothing if all is well."""
    command = [sys.executable, "-m", *checker, str(HERE)]
    done = subprocess.run(command, cwd=HERE.parents[1], check=False, capture_output=True, text=True)
    return f"{done.stdout}{done.stderr}" if done.returncode else ""


def refused(checker: str) -> list[str]:
    """The code that one checker must refuse, without its ignores."""
    text = (HERE / f"refused_by_{checker}.py").read_text("utf-8")
    return IGNORE.sub("", text[text.index("from __future__") :]).splitlines()


def test_mypy_has_nothing_to_say() -> None:
    """Each `assert_type` holds, and each refusal takes place."""
    assert verdict("mypy", "--strict") == ""


def test_pyright_has_nothing_to_say() -> None:
    """The same, for the other checker."""
    assert verdict("pyright", "--pythonpath", sys.executable) == ""  # else it asks the PATH's python


def test_both_checkers_refuse_the_same() -> None:
    """Two files, because pyright obeys mypy's ignores; but one list."""
    assert refused("mypy") == refused("pyright")
    assert any("provide_session(AsyncDriver)" in line for line in refused("mypy"))


@pytest.mark.parametrize("checker", [("mypy", "--strict"), ("pyright",)], ids=["mypy", "pyright"])
def test_the_first_example_of_the_readme_is_strict(checker: tuple[str, ...], tmp_path: Path) -> None:
    """What new users copy has no error in their editor."""
    text = (HERE.parents[1] / "README.md").read_text("utf-8")
    example = text.split("```python\n")[1].split("```")[0]
    path = tmp_path / "example.py"
    path.write_text(f"# pyright: strict\n{example}", encoding="utf-8")
    options = ("--pythonpath", sys.executable) if checker == ("pyright",) else ("--config-file", "")
    command = [sys.executable, "-m", *checker, *options, str(path)]

    done = subprocess.run(command, cwd=HERE.parents[1], check=False, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout


def test_what_is_only_checked_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Classes and generics that checkers accept must also exist when they are made."""
    for path in sorted(HERE.glob("[!t]*.py")):
        found = spec_from_file_location(path.stem, path)
        assert found is not None
        assert found.loader is not None
        module = module_from_spec(found)
        monkeypatch.setitem(sys.modules, path.stem, module)  # msgspec looks there for a class's annotations
        found.loader.exec_module(module)
