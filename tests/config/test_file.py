"""Configs from TOML files: what a file may say, and where its errors point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec.config.sources.positions import positions
from sqlspec.config.sources.reading import MAX_BYTES
from sqlspec.errors import ConfigFileError, InvalidConfigError
from tests.config.fake import CANARY, NetConfig, everything_said

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec.config.sources import LoadedFile

FULL = """\
default = "main"

[templates.base]
pool_size = 20
instrumentation.log_queries = true

[databases.main]
extends = "base"
url = "net://app:${PASSWORD}@${HOST:-localhost}/app"

[databases.copy]
extends = "main"
read_only = true

[profiles.dev]
default = "copy"
databases.main.pool_size = 2
templates.base.instrumentation = { log_results = true }

[profiles.dev.databases.extra]
adapter = "file"
"""


# --- what a file says -------------------------------------------------------------------------------


def test_a_file_is_read_with_inheritance_and_variables(load: Callable[..., LoadedFile]) -> None:
    """Nearer tables win, deeply; templates are no databases."""
    loaded = load(FULL, PASSWORD="p@ss/w")

    main = {
        "pool_size": 20,
        "instrumentation": {"log_queries": True},
        "url": "net://app:p%40ss%2Fw@localhost/app",
    }
    assert loaded.default == "main"
    assert loaded.databases == {"main": main, "copy": {**main, "read_only": True}}


def test_a_profile_lies_over_the_file(load: Callable[..., LoadedFile]) -> None:
    """It adds databases, changes options and templates, and may choose another default."""
    loaded = load(FULL, profile="dev", PASSWORD="x", HOST="db")

    assert loaded.default == "copy"
    assert loaded.databases["main"]["pool_size"] == 2
    assert loaded.databases["copy"]["instrumentation"] == {"log_queries": True, "log_results": True}
    assert loaded.databases["extra"] == {"adapter": "file"}


def test_a_loaded_table_makes_a_config(load: Callable[..., LoadedFile]) -> None:
    """Texts from variables are read as the field wants them."""
    loaded = load(
        'databases.main = { url = "${URL}", pool_size = "${SIZE:-7}" }', URL=f"net://u:{CANARY}@h/a"
    )

    config = NetConfig.from_mapping(loaded.databases["main"])

    assert (config.host, config.pool_size) == ("h", 7)
    assert config.given == {"url", "pool_size"}


def test_an_empty_file_says_nothing(load: Callable[..., LoadedFile]) -> None:
    """And an empty table is a database of defaults."""
    assert load("").databases == {}
    assert load("").default is None
    assert load("[databases.main]").databases == {"main": {}}


def test_a_byte_order_mark_is_ignored(load: Callable[..., LoadedFile]) -> None:
    """Editors on Windows write one; line ends of theirs are fine too."""
    loaded = load(b"\xef\xbb\xbf[databases.main]\r\npool_size = 3\r\n")

    assert loaded.databases == {"main": {"pool_size": 3}}


def test_a_value_replaces_a_table_and_the_reverse(load: Callable[..., LoadedFile]) -> None:
    """What remains is what the nearer table says."""
    text = "[templates.a]\nx.y = 1\nz = 2\n[databases.main]\nextends = 'a'\nx = 3\nz.y = 4\n"

    assert load(text).databases["main"] == {"x": 3, "z": {"y": 4}}
    replaced = text.replace("x.y = 1", "x.y = '${MISSING}'")
    assert load(replaced).databases["main"] == {"x": 3, "z": {"y": 4}}


# --- errors and where they point --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place", "key", "message"),
    [
        ("a = 1", (1, 1), "a", "unknown key. Known: databases, default, profiles, templates."),
        ("\ndatabase.main = {}", (2, 1), "database", "unknown key. Did you mean 'databases'?"),
        ("databases = 5", (1, 1), "databases", "expected a table, got int"),
        ("[databases]\n\n  main = 5", (3, 3), "databases.main", "expected a table, got int"),
        ("[[databases]]", (1, 3), "databases", "expected a table, got list"),
        ("default = 5\n[databases.a]", (1, 1), "default", "expected a database's name, got int"),
        (
            "default = 'man'\n[databases.main]",
            (1, 1),
            "default",
            "no such database in this file. Did you mean 'main'?",
        ),
        ("[profiles.p]\nx = 1", (2, 1), "profiles.p.x", "unknown key. Known: databases, default, templates."),
        (
            "[databases.a]\nextends = 'b'\n[databases.b]\nextends='a'",
            (4, 1),
            "databases.b.extends",
            "extends itself",
        ),
        ("[databases.a]\nextends = 'a'", (2, 1), "databases.a.extends", "extends itself"),
        (
            "[databases.a]\nextends = 'bas'\n[templates.base]",
            (2, 1),
            "databases.a.extends",
            "Did you mean 'base'?",
        ),
        ("[databases.a]\nextends = 5", (2, 1), "databases.a.extends", "expected a name, got int"),
        (
            "[databases.a]\nextends = 'b'\n[databases.b]\n[templates.b]",
            (2, 1),
            "databases.a.extends",
            "rename one",
        ),
        ("[databases.a]\nx = { y = 1, z = '$' }", (2, 14), "databases.a.x.z", "a lone $"),
    ],
)
def test_errors_of_structure_point_at_the_key(
    load: Callable[..., LoadedFile], text: str, place: tuple[int, int], key: str, message: str
) -> None:
    """Path, line, column, dotted key, and the nearest valid spelling."""
    with pytest.raises(ConfigFileError) as caught:
        load(text)

    error = caught.value
    assert ((error.line, error.column), error.key) == (place, key)
    assert str(error).startswith(f"{error.path}:{place[0]}:{place[1]}: {key}: ")
    assert message in str(error)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a = 1\na = 2", 2, "the key is there already"),
        ("[a]\nb = 1\n[a]", 3, "the table is there already"),
        ("a = {x = 1, x = 2}", 1, "the key is there already"),
        (f"[databases.main]\npassword = {CANARY}", 2, "a text stands in quotes"),
        (f'[databases.main]\npassword = "{CANARY}', 2, ""),
        (f"[databases.main]\n{CANARY}", 2, "expected = after a key"),
        (f"x = [1, '{CANARY}'", 1, "a bracket does not close"),
        (f'x = "\\{CANARY}"', 1, ""),
        ("x = " + "[" * 5000, None, "nested too deeply"),
        ("x = " + "9" * 5000, None, "can not be understood"),
        ("x = 2000-13-41", None, ""),
    ],
)
def test_g36_what_is_no_toml_is_refused_without_quoting_it(
    load: Callable[..., LoadedFile], text: str, line: int | None, reason: str
) -> None:
    """The parser's own text quotes the file; ours does not."""
    with pytest.raises(ConfigFileError) as caught:
        load(text)

    assert reason in str(caught.value)
    assert caught.value.line == line or line is None
    assert not any(CANARY in said for said in everything_said(caught.value))


def test_g36_absurd_nesting_is_refused(load: Callable[..., LoadedFile]) -> None:
    """Before anything recurses into it; dotted keys nest without a bracket."""
    with pytest.raises(ConfigFileError, match="nested deeper than"):
        load("databases." + ".".join("a" * 50) + " = 1")


@pytest.mark.parametrize("key", [".".join("a" * 500_000), "a . " * 100 + "b", "'a'." * 100 + "b"])
def test_g36_a_key_of_very_many_parts_is_refused(load: Callable[..., LoadedFile], key: str) -> None:
    """The parser would take memory by the square of them; a text with as many dots is fine."""
    with pytest.raises(ConfigFileError, match="too many parts") as caught:
        load(f"default = '{'a.' * 100}'\n{key} = 1")

    assert caught.value.line == 2


def test_a_long_chain_of_tables_is_refused(load: Callable[..., LoadedFile]) -> None:
    """Sixteen steps are more than anybody reads."""
    links = [f"[templates.t{n}]\nextends = 't{n + 1}'" for n in range(20)]

    assert load("\n".join([*links, "[templates.t20]", "[databases.a]\nextends = 't5'"])).databases == {
        "a": {}
    }
    with pytest.raises(ConfigFileError, match="more than 16 times"):
        load("\n".join([*links, "[templates.t20]", "[databases.a]\nextends = 't4'"]))


HARD = ['"\\', '"""\\', "'''\"", '"', "'", "\\", "[", "{", "a.", "a ", '"a', "x={", "\\u"]


@pytest.mark.parametrize("hard", HARD)
def test_g36_a_full_file_of_anything_ends_soon(load: Callable[..., LoadedFile], hard: str) -> None:
    """No quote or bracket makes it search the rest of the file again."""
    with pytest.raises(ConfigFileError):
        load("x = 1 " + hard * (MAX_BYTES // 2 // len(hard)))


def test_an_unknown_profile_is_refused(load: Callable[..., LoadedFile]) -> None:
    """With the nearest one."""
    with pytest.raises(ConfigFileError, match=r"no profile 'dve'\. Did you mean 'dev'"):
        load(FULL, profile="dve")


def test_a_configs_error_is_told_with_the_place_where_it_was_written(load: Callable[..., LoadedFile]) -> None:
    """Also when the table inherited it."""
    text = FULL.replace("pool_size = 20", "pool_sise = 20")
    loaded = load(text, PASSWORD="x")

    with pytest.raises(InvalidConfigError) as caught:
        NetConfig.from_mapping(loaded.databases["copy"], where="databases.copy")
    error = loaded.error(caught.value)

    assert (error.line, error.column, error.key) == (4, 1, "databases.copy.pool_sise")
    assert str(error).endswith(
        "database.toml:4:1: databases.copy.pool_sise: unknown option. Did you mean 'pool_size'?"
    )


def test_a_key_that_is_nowhere_is_located_at_its_table(load: Callable[..., LoadedFile]) -> None:
    """A missing option has no line of its own."""
    loaded = load(FULL, PASSWORD="x")

    assert loaded.locate("databases.main.host") == loaded.locate("databases.main") == (7, 2)
    assert loaded.locate("nothing.at.all") == (None, None)


@pytest.mark.parametrize(
    ("text", "path", "place"),
    [
        ("a.b.c = 1", ("a", "b", "c"), (1, 1)),
        ("a . b = 1", ("a", "b"), (1, 1)),
        ("\"a.b\".'c' = 1", ("a.b", "c"), (1, 1)),
        ('"\\u0061" = 1', ("a",), (1, 1)),
        ('x = """\ny = 1\n"""\ny = 2', ("y",), (4, 1)),
        ("x = '''\ny = 1\n'''\ny = 2", ("y",), (4, 1)),
        ('x = """a\\""" b"""\ny = 2', ("y",), (2, 1)),
        ('x = "# no = comment"\ny = 2 # z = 3', ("y",), (2, 1)),
        ("x = [\n  'a', # ] y = 1\n  [1, 2],\n]\ny = 2", ("y",), (5, 1)),
        ("x = {a = {}, b = {c = [1, {d = 2}]}}", ("x", "b", "c", "d"), (1, 28)),
        ("x = [{a = 1}, {a = 2}]\ny = 1", ("y",), (2, 1)),
        ("[ a . 'b' ]\nc = 1979-05-27T07:32:00Z\nd = +1.5e3", ("a", "b", "d"), (3, 1)),
        ("[[a]]\nb = 1\n[[a]]\nb = 2", ("a", "b"), (2, 1)),
        ("x = 1\r\ny = 2\r\n", ("y",), (2, 1)),
    ],
)
def test_keys_are_found_wherever_toml_allows_them(
    text: str, path: tuple[str, ...], place: tuple[int, int]
) -> None:
    """Not in comments, not in texts."""
    import tomllib

    tomllib.loads(text)

    assert positions(text)[path] == place
    assert ("z",) not in positions(text)
