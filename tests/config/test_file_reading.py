"""Files that are no files, and bytes that are no configuration."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlspec.config.sources import load_file
from sqlspec.config.sources.reading import MAX_BYTES
from sqlspec.errors import ConfigFileError, NotSupportedError
from tests.config.fake import CANARY, everything_said

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec.config.sources import LoadedFile


@pytest.mark.parametrize("suffix", [".yaml", ".yml", ".json", ".JSON"])
def test_other_formats_are_said_to_come_later(tmp_path: Path, suffix: str) -> None:
    """With what to do today."""
    with pytest.raises(NotSupportedError, match=r"a later one will; write it as \.toml"):
        load_file(tmp_path / f"database{suffix}")


@pytest.mark.parametrize("name", ["database", "database.ini", ".toml"])
def test_an_unknown_suffix_is_refused(tmp_path: Path, name: str) -> None:
    """The format is not guessed from the content."""
    with pytest.raises(ConfigFileError, match=r"does not end in \.toml"):
        load_file(tmp_path / name)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """With the system's reason."""
    with pytest.raises(ConfigFileError, match=r"gone\.toml: can not be opened: No such file"):
        load_file(tmp_path / "gone.toml")


def test_g36_only_regular_files_are_read(tmp_path: Path) -> None:
    """A pipe that nobody writes to would hang, a device never end."""
    pipe, folder, device = tmp_path / "pipe.toml", tmp_path / "folder.toml", tmp_path / "device.toml"
    os.mkfifo(pipe)
    folder.mkdir()
    device.symlink_to("/dev/zero")

    for path in (pipe, folder, device):
        with pytest.raises(ConfigFileError, match="not a regular file"):
            load_file(path)


def test_a_link_to_a_regular_file_is_followed(tmp_path: Path) -> None:
    """Orchestrators mount configuration so."""
    (tmp_path / "real").write_text("[databases.main]")
    (tmp_path / "link.toml").symlink_to("real")

    assert load_file(str(tmp_path / "link.toml")).databases == {"main": {}}


def test_g36_a_file_over_a_mebibyte_is_refused(load: Callable[..., LoadedFile]) -> None:
    """One of exactly that size is read."""
    assert load("#" * MAX_BYTES).databases == {}
    with pytest.raises(ConfigFileError, match="larger than"):
        load("#" * (MAX_BYTES + 1))


def test_bytes_that_are_no_text_are_located(load: Callable[..., LoadedFile]) -> None:
    """The bytes themselves are not quoted."""
    with pytest.raises(ConfigFileError, match="not UTF-8") as caught:
        load(b"a = 1\nb = '" + CANARY.encode() + b"\xff'")

    assert (caught.value.line, caught.value.column) == (2, 19)
    assert not any(CANARY in text for text in everything_said(caught.value))


def test_a_name_with_a_nul_is_refused() -> None:
    """The system can not have such a file."""
    with pytest.raises(ConfigFileError, match="NUL"):
        load_file("a\0.toml")


def test_the_environment_is_the_processs_own_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read when the file is."""
    monkeypatch.setenv("SQLSPEC_TEST_HOST", "h")
    (tmp_path / "a.toml").write_text("databases.main.host = '${SQLSPEC_TEST_HOST}'")

    assert load_file(tmp_path / "a.toml").databases["main"] == {"host": "h"}


PIECES = st.sampled_from(
    [
        "[",
        "]",
        "[[",
        "databases",
        "templates",
        "profiles",
        "default",
        "extends",
        "main",
        ".",
        "=",
        "\n",
        '"',
        "'",
        "{",
        "}",
        ",",
        " ",
        "1",
        "url",
        "${A}",
        "$",
        "#",
        "true",
        '"main"',
        "[databases.main]\n",
        'extends = "main"\n',
        "a = 1\n",
        "\\",
    ]
)


@given(
    st.binary(max_size=60)
    | st.text(max_size=60).map(str.encode)
    | st.lists(PIECES, max_size=25).map(lambda p: "".join(p).encode())
)
def test_g36_any_bytes_are_data_or_a_config_file_error(tmp_path_factory: Any, raw: bytes) -> None:
    """No other exception leaves, and every database's options can be located."""
    path = tmp_path_factory.getbasetemp() / "fuzz.toml"
    Path(path).write_bytes(raw)

    try:
        loaded = load_file(path, environ={})
    except ConfigFileError:
        return

    for name, options in loaded.databases.items():
        assert all(loaded.locate(f"databases.{name}.{option}")[0] for option in options)
