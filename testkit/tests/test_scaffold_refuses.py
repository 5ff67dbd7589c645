"""The scaffold says what to type instead of what it can not do, and leaves nothing half written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sqlspec_testkit.scaffold import __main__ as command
from sqlspec_testkit.scaffold import files
from sqlspec_testkit.scaffold.names import names_of

if TYPE_CHECKING:
    from collections.abc import Sequence

WRONG = {
    "MyDb": "Write mydb",
    "my_db": "Write my-db",
    "sqlspec-mydb": "Write mydb",
    "my--db": "Write my-db",
    "../mydb": "Write mydb",
    "9db": "Write one such as mydb",
    "": "Write one such as mydb",
    "größe": "Write gr-e",
}
TAKEN = ("sqlite", "asyncpg", "testkit", "postgresql", "mariadb", "rediss")
"""Adapters and the kit, a front, a scheme of another adapter."""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, in which the command is typed."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], arguments: Sequence[str]) -> str:
    """What it says when it writes nothing."""
    assert command.main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    return said.err


@pytest.mark.parametrize("name", WRONG)
def test_a_name_that_can_not_be_one_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """With the nearest that can, which is taken then."""
    text = told(capsys, [name])

    assert f"{name!r} can not be the name of an adapter" in text
    assert WRONG[name] in text
    assert list(here.iterdir()) == []
    (better,) = re.findall(r"Write (?:one such as )?(\S+)$", text)
    assert command.main([better]) == 0


@pytest.mark.parametrize("name", TAKEN)
def test_a_name_that_others_have_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Whether they are installed or not: two adapters of one name are a conflict."""
    text = told(capsys, [name])

    assert f"{name!r} is the name of another adapter, or begins its URLs" in text
    assert list(here.iterdir()) == []
    (better,) = re.findall(r"such as (\S+)$", text)
    assert command.main([better]) == 0


def test_a_folder_with_something_in_it_is_left_as_it_is(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says how to move it away."""
    (here / "sqlspec-mydb").mkdir()
    (here / "sqlspec-mydb" / "mine.py").write_text("mine")

    text = told(capsys, ["mydb"])

    assert "sqlspec-mydb/ is there and not empty" in text
    assert [path.name for path in (here / "sqlspec-mydb").iterdir()] == ["mine.py"]
    (old, new) = re.findall(r"mv (\S+) (\S+)$", text)[0]
    Path(old).rename(new)
    assert command.main(["mydb"]) == 0


def test_a_file_in_its_place_is_left_as_it_is(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is no folder, and may be somebody's work."""
    (here / "sqlspec-mydb").write_text("mine")

    told(capsys, ["mydb"])

    assert (here / "sqlspec-mydb").read_text() == "mine"


def test_an_empty_folder_is_filled(here: Path) -> None:
    """One that was made for it."""
    (here / "sqlspec-mydb").mkdir()

    assert command.main(["mydb"]) == 0
    assert (here / "sqlspec-mydb" / "pyproject.toml").is_file()


def test_an_option_that_is_none_is_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what there is, and the same status."""
    with pytest.raises(SystemExit) as caught:
        command.main(["mydb", "--sync"])

    assert caught.value.code == 2
    assert "[--async] [--no-sql] NAME" in capsys.readouterr().err
    assert list(here.iterdir()) == []


def test_a_folder_where_nothing_can_be_written_is_said(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an error of one line."""

    def refuse(**_: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files, "mkdtemp", refuse)

    assert f"no folder can be made in {here}: Permission denied" in told(capsys, ["mydb"])


def test_what_fails_half_way_leaves_nothing(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No folder, or the empty one that was there."""
    written: list[Path] = []
    real = Path.write_text

    def full_disk(path: Path, text: str, encoding: str) -> int:
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        written.append(path)
        return real(path, text, encoding)

    contents = files.texts("sync", names_of("mydb"))
    (here / "sqlspec-mydb").mkdir()
    monkeypatch.setattr(Path, "write_text", full_disk)

    with pytest.raises(OSError, match="No space"):
        files.write(Path("sqlspec-mydb"), contents)

    assert [path.name for path in here.iterdir()] == ["sqlspec-mydb"]
    assert list((here / "sqlspec-mydb").iterdir()) == []
