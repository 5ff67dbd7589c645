"""Config classes whose module is not loaded, or does not stay: made by `exec`, `runpy`, or a loader."""

from __future__ import annotations

import copy
import pickle
import runpy
import subprocess
import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from textwrap import indent
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import DatabaseConfig, SQLSpec
from sqlspec.errors import InvalidArgumentError, InvalidConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEADS = {"annotations kept as text": "from __future__ import annotations\n", "annotations evaluated": ""}
IMPORTS = """
from pathlib import Path
from typing import Annotated, Any, ClassVar

from sqlspec import DatabaseConfig
"""
CLASS = """
class MadeConfig(DatabaseConfig[Any, Any], frozen=True, kw_only=True):
    adapter: ClassVar[str] = "made"
    folder: Path | None = None
    tags: list["Annotated[str, 'a word']"] = []
    depth: int = 1
"""
AT_THE_TOP = IMPORTS + CLASS
IN_A_FUNCTION = f"{IMPORTS}def make():{indent(CLASS, '    ')}    return MadeConfig\nMadeConfig = make()\n"


def _by_a_loader(path: Path) -> Any:
    """As many test runners and plugin loaders do: the module never gets into `sys.modules`."""
    found = spec_from_file_location("not_in_sys_modules", path)
    assert found is not None
    assert found.loader is not None
    module = module_from_spec(found)
    found.loader.exec_module(module)
    return module.MadeConfig


def _by_run_path(path: Path) -> Any:
    """Its module is loaded while the file runs, and gone afterwards."""
    return runpy.run_path(str(path))["MadeConfig"]


def _by_run_path_as_main(path: Path) -> Any:
    """Afterwards another module has the name."""
    return runpy.run_path(str(path), run_name="__main__")["MadeConfig"]


def _by_exec(path: Path) -> Any:
    """Without a `__name__`; Python then takes the one of `builtins`."""
    namespace: dict[str, Any] = {}
    exec(path.read_text("utf-8"), namespace)  # noqa: S102 - this is what is tested
    return namespace["MadeConfig"]


def _by_exec_with_a_name_of_another(path: Path) -> Any:
    """The name belongs to a module that is loaded, and has other variables."""
    namespace: dict[str, Any] = {"__name__": "json"}
    exec(path.read_text("utf-8"), namespace)  # noqa: S102 - this is what is tested
    return namespace["MadeConfig"]


WAYS = (_by_a_loader, _by_run_path, _by_run_path_as_main, _by_exec, _by_exec_with_a_name_of_another)


@pytest.fixture(params=WAYS, ids=lambda way: way.__name__.removeprefix("_"))
def made(request: pytest.FixtureRequest, source: str, tmp_path: Path) -> type[DatabaseConfig[Any, Any]]:
    """The class, made in one of the ways."""
    path = tmp_path / "made.py"
    path.write_text(source, encoding="utf-8")
    way: Callable[[Path], Any] = request.param
    found: type[DatabaseConfig[Any, Any]] = way(path)
    return found


@pytest.fixture(params=HEADS, ids=lambda head: head.replace(" ", "-"))
def head(request: pytest.FixtureRequest) -> str:
    """With and without `from __future__ import annotations`."""
    return HEADS[request.param]


@pytest.fixture(params=[AT_THE_TOP, IN_A_FUNCTION], ids=["at-the-top", "in-a-function"])
def source(request: pytest.FixtureRequest, head: str) -> str:
    """A file that makes one config class."""
    return head + str(request.param)


def test_it_is_built_from_keywords_and_from_data(made: Any) -> None:
    """With the types that the annotations mean."""
    by_hand = made(folder=None, depth=2, pool_size=3)
    from_data = made.from_mapping({"folder": "/tmp/x", "tags": ["a"], "depth": 2})  # noqa: S108 - not opened

    assert (by_hand.depth, by_hand.pool_size, made.adapter) == (2, 3, "made")
    assert (from_data.folder.name, from_data.tags, from_data.depth) == ("x", ["a"], 2)


def test_it_refuses_a_value_of_another_type(made: Any) -> None:
    """The annotation is known, so the error can name what is expected."""
    with pytest.raises(InvalidConfigError, match=r"^MadeConfig\.depth: expected int, got str$"):
        made(depth="deep")


def test_it_merges_and_copies(made: Any) -> None:
    """Only what was given wins."""
    base = made(depth=2, pool_size=3)

    assert base.merge(made(pool_size=4)) == made(depth=2, pool_size=4)
    assert copy.deepcopy(base) == base


def test_it_can_be_registered(made: Any) -> None:
    """Its adapter is asked for at the first session, not before."""
    with SQLSpec() as spec:
        spec.register_config(made(depth=2), "main")

        assert spec.get_config_by_type(made).depth == 2


@pytest.mark.parametrize("way", [_by_a_loader, _by_exec, _by_exec_with_a_name_of_another])
def test_a_name_that_does_not_exist_is_told_at_once(way: Callable[[Path], Any], tmp_path: Path) -> None:
    """Later there would be nothing to look it up in."""
    path = tmp_path / "made.py"
    path.write_text(HEADS["annotations kept as text"] + AT_THE_TOP.replace("int = 1", "Missing = 1"), "utf-8")

    with pytest.raises(InvalidArgumentError, match="MadeConfig: name 'Missing' is not defined; import it"):
        way(path)


def test_in_a_script_a_type_may_be_defined_below_and_the_config_pickled(tmp_path: Path) -> None:
    """`__main__` stays loaded, so names are looked up when they are needed."""
    path = tmp_path / "script.py"
    text = HEADS["annotations kept as text"] + AT_THE_TOP.replace("depth: int", "depth: Below")
    below = "Below = int\nimport pickle\nprint(pickle.loads(pickle.dumps(MadeConfig(depth=5))).depth)\n"
    path.write_text(text + below, encoding="utf-8")

    command = [sys.executable, "-W", "error", str(path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)

    assert (done.stdout, done.stderr) == ("5\n", "")


def test_an_imported_module_keeps_its_annotations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are read at first use, and a config of it can be pickled."""
    (tmp_path / "ordinary_configs.py").write_text(HEADS["annotations kept as text"] + AT_THE_TOP, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    made = import_module("ordinary_configs").MadeConfig

    assert made.__annotations__["depth"] == "int"  # evaluating them would cost time for nothing
    assert pickle.loads(pickle.dumps(made(depth=3))).depth == 3  # noqa: S301 - our own
