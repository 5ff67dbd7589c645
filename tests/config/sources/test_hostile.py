"""Files that are no files, and bytes that are no configuration."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sqlspec import SQLSpec
from sqlspec.config.sources.reading import MAX_BYTES
from sqlspec.config.sources.toml_text import parse
from sqlspec.errors import ConfigFileError, ConfigSourceError
from tests.config.fake import CANARY, everything_said
from tests.config.sources.bad_files import BAD
from tests.config.sources.conftest import FakeAdapter
from tests.config.sources.formats import NAMES, dumped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Load = Callable[..., SQLSpec]

SUFFIXES = (".toml", ".yaml", ".json")


@pytest.mark.parametrize("name", ["database", "database.ini", ".toml", "database.toml.bak"])
def test_an_unknown_suffix_is_refused(load: Load, name: str) -> None:
    """The format is not guessed from the content."""
    with pytest.raises(ConfigSourceError, match=r"ends in none of \.toml, \.yaml, \.yml and \.json"):
        load("", name)


def test_a_missing_file_is_named(spec: SQLSpec, tmp_path: Path) -> None:
    """With the system's reason."""
    with pytest.raises(ConfigSourceError, match=r"gone\.toml: can not be opened: No such file"):
        spec.register_from_file(tmp_path / "gone.toml")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_g36_only_regular_files_are_read(spec: SQLSpec, tmp_path: Path, suffix: str) -> None:
    """A pipe that nobody writes to would hang, a device never end."""
    pipe, folder, device = (tmp_path / f"{name}{suffix}" for name in ("pipe", "folder", "device"))
    os.mkfifo(pipe)
    folder.mkdir()
    device.symlink_to("/dev/zero")

    with pytest.raises(ConfigSourceError) as caught:
        spec.register_from_file(pipe, folder, device)

    assert [str(error) for error in caught.value.exceptions] == [
        f"{path}: not a regular file" for path in (pipe, folder, device)
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="there a file's mode says nothing of others")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644])
def test_g36_a_private_file_is_its_owners_alone(
    spec: SQLSpec, write: Callable[..., Path], tmp_path: Path, mode: int
) -> None:
    """When it is asked for; of a link, the file that is read counts. Then what the error says is done."""
    path = write("[databases.main]\nadapter = 'net'")
    path.chmod(mode)
    link = tmp_path / "link.toml"
    link.symlink_to(path)

    for one in (path, link):
        with pytest.raises(ConfigSourceError, match=r"others than its owner may read or .* chmod 600 on it"):
            spec.register_from_file(one, private=True)
    assert SQLSpec.from_file(write("[databases]", "none.toml")).names == ()
    path.chmod(0o600)

    assert spec.register_from_file(link, private=True) == ["main"]


def test_a_link_to_a_regular_file_is_followed(
    spec: SQLSpec, write: Callable[..., Path], tmp_path: Path
) -> None:
    """Orchestrators mount configuration so."""
    write("[databases.main]\nadapter = 'net'", "real")
    (tmp_path / "link.toml").symlink_to("real")

    assert spec.register_from_file(str(tmp_path / "link.toml")) == ["main"]


@pytest.mark.parametrize(
    ("suffix", "filler", "end"),
    [(".toml", "#", "\n[databases]"), (".yaml", "#", "\ndatabases: {}"), (".json", " ", '{"databases": {}}')],
)
def test_g36_a_file_over_a_mebibyte_is_refused(load: Load, suffix: str, filler: str, end: str) -> None:
    """One of exactly that size is read."""
    name, text = f"database{suffix}", filler * (MAX_BYTES - len(end)) + end

    assert load(text, name).names == ()
    with pytest.raises(ConfigSourceError, match="larger than 1048576 bytes"):
        load(filler + text, name)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b"\n'" + CANARY.encode() + b"\xff'", (2, 15)),
        ("é\n".encode() + "ü é".encode() + b"\xc3", (2, 4)),
        (b"\xef\xbb\xbfa\xff", (1, 2)),
        (b"\xff\xfea\0", (1, 1)),
        ("a".encode("utf-32"), (1, 1)),
    ],
)
def test_bytes_that_are_no_text_are_located(
    load: Load, suffix: str, raw: bytes, place: tuple[int, int]
) -> None:
    """In characters, as an editor counts; the bytes themselves are not quoted."""
    with pytest.raises(ConfigSourceError, match="not UTF-8") as caught:
        load(raw, f"database{suffix}")

    (error,) = caught.value.exceptions
    assert isinstance(error, ConfigFileError)
    assert (error.line, error.column) == place
    assert not any(CANARY in text for text in everything_said(caught.value))


def test_a_name_with_a_nul_is_refused(spec: SQLSpec) -> None:
    """The system can not have such a file."""
    with pytest.raises(ConfigSourceError, match="NUL"):
        spec.register_from_file("a\0.toml")


HARD = [
    '"\\',
    '"""\\',
    "'''\"",
    '"',
    "'",
    "\\",
    "[",
    "{",
    "a.",
    "a ",
    '"a',
    "x={",
    "\\u",
    "- ",
    "? ",
    "&a ",
    "|\n",
]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("hard", HARD)
def test_g36_a_full_file_of_anything_ends_soon(load: Load, suffix: str, hard: str) -> None:
    """No quote or bracket makes it search the rest of the file again."""
    with pytest.raises(ConfigSourceError):
        load("x = 1 " + hard * (MAX_BYTES // 2 // len(hard)), f"database{suffix}")


def test_the_missing_extra_is_named_with_the_line_to_type(write: Callable[..., Path]) -> None:
    """As a file's error, like any other."""
    path = write("databases: {}", "database.yaml")
    code = (
        "import sys\nsys.modules['yaml'] = None\nfrom sqlspec import SQLSpec\n"
        "from sqlspec.errors import ConfigSourceError\n"
        "try:\n    SQLSpec.from_file(sys.argv[1])\n"
        "except ConfigSourceError as error:\n    print(error)\n"
    )

    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)

    assert done.stdout == f"{path}: reading YAML needs PyYAML; run: pip install 'PyYAML>=6.0'\n"


# --- anything at all --------------------------------------------------------------------------------

GOOD: dict[str, Any] = {
    "default": "main",
    "templates": {"base": {"pool_size": 3, "instrumentation": {"log_queries": True}}},
    "databases": {
        "main": {"extends": "base", "url": "net://u:${P:-x}@h:5/d", "connect_timeout": 1.5},
        "other.one": {"adapter": "file", "database": "a'b\"c\\d é\n"},
    },
    "profiles": {"dev": {"databases": {"main": {"pool_size": 2}}}},
}
PIECES = [
    *"[ ] [[ = ' { } , : - ? & * ! % | > @ ` ~ \\ << --- ... $ # 1 0o7 1_0 1:2 .inf é true no null".split(),  # noqa: SIM905 - a table of words
    *"databases templates profiles default extends main . url ${A}".split(),  # noqa: SIM905 - likewise
    *('"', '"main"', " ", "\n", "\n  ", "\t", "\r", "\0", "\ufeff", "\u2028"),
    *("[databases.main]\n", 'extends = "main"\n', "a = 1\n", "databases:\n  ", '{"databases": {'),
]
CUTS = st.tuples(st.floats(0, 1), st.floats(0, 1), st.sampled_from(PIECES) | st.text(max_size=3))


def registered(name: str, raw: bytes, folder: Path) -> SQLSpec | None:
    """What comes of a file: a registry, or nothing after the one error that is allowed."""
    spec = SQLSpec()
    spec.plugins.register(FakeAdapter("net", "tests.config.fake:NetConfig"), "net")
    spec.plugins.register(FakeAdapter("file", "tests.config.fake:FileConfig"), "file")
    path = folder / name
    path.write_bytes(raw)
    try:
        spec.register_from_file(path, environ={"A": "a"})
    except ConfigSourceError as exc:
        group = exc
    else:
        return spec
    assert spec.names == ()
    assert all(isinstance(error, ConfigFileError) for error in group.exceptions)
    assert all(error.path == path for error in group.exceptions if isinstance(error, ConfigFileError))
    assert len(str(group).encode("utf-8", "replace")) < 2048
    return None


@pytest.mark.parametrize("name", NAMES)
@given(
    raw=st.binary(max_size=60)
    | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.lists(st.sampled_from(PIECES), max_size=25).map(lambda pieces: "".join(pieces).encode())
)
def test_g36_any_bytes_are_configs_or_a_config_file_error(
    tmp_path_factory: Any, name: str, raw: bytes
) -> None:
    """No other exception leaves."""
    registered(name, raw, tmp_path_factory.getbasetemp())


@pytest.mark.parametrize("name", NAMES)
@given(cuts=st.lists(CUTS, max_size=4))
@example(cuts=[])
def test_g36_a_good_file_that_was_damaged_is_configs_or_a_config_file_error(
    tmp_path_factory: Any, name: str, cuts: list[tuple[float, float, str]]
) -> None:
    """With pieces cut out, and others put in their place."""
    text = dumped(GOOD, name)
    for start, length, piece in cuts:
        at = int(start * len(text))
        text = text[:at] + piece + text[at + int(length * 8) :]

    spec = registered(name, text.encode("utf-8", "surrogatepass"), tmp_path_factory.getbasetemp())

    assert spec is not None or cuts


@pytest.mark.parametrize("name", NAMES)
@given(
    names=st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=3, unique=True),
    value=st.text(max_size=8),
)
def test_every_option_is_found_where_it_stands(
    tmp_path_factory: Any, name: str, names: list[str], value: str
) -> None:
    """Whatever its name and its neighbours' values are: the error points at the key's first character."""
    options: dict[str, Any] = {"adapter": "net", "host": value} | {f"x{one}": value for one in names}
    text = dumped({"databases": {"main": options}}, name)
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    spec = SQLSpec()
    spec.plugins.register(FakeAdapter("net", "tests.config.fake:NetConfig"), "net")

    with pytest.raises(ConfigSourceError) as caught:
        spec.register_from_file(path)

    lines = text.split("\n")
    for error in caught.value.exceptions:
        assert isinstance(error, ConfigFileError)
        if error.line is not None and error.key is not None and error.key.startswith("databases.main.x"):
            assert error.column is not None
            assert lines[error.line - 1][error.column - 1 :].lstrip("\"'? ").startswith("x")


@pytest.mark.parametrize("bad", [bad for bad in BAD if bad.is_structure and bad.suffix == "toml"])
def test_what_is_wrong_otherwise_is_good_toml(bad: Any) -> None:
    """So that the table tests us, and not the parser."""
    assert parse(bad.text).tables == tomllib.loads(bad.text)
