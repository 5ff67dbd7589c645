"""What files mean, in three formats: databases, templates, profiles, defaults, several files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import ConfigFileError, ConfigSourceError, InvalidArgumentError
from tests.config.fake import NetConfig
from tests.config.sources.formats import NAMES, dumped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Load = Callable[..., SQLSpec]

FULL: dict[str, Any] = {
    "default": "main",
    "templates": {"base": {"pool_size": 20, "instrumentation": {"log_queries": True}}},
    "databases": {
        "main": {"extends": "base", "url": "net://app:${PASSWORD}@${HOST:-localhost}/app"},
        "copy": {"extends": "main", "read_only": True},
    },
    "profiles": {
        "dev": {
            "default": "copy",
            "databases": {"main": {"pool_size": 2}, "extra": {"adapter": "file"}},
            "templates": {"base": {"instrumentation": {"log_results": True}}},
        }
    },
}


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_read_with_inheritance_and_variables(load: Load, name: str) -> None:
    """Nearer tables win, deeply; templates are no databases."""
    spec = load(dumped(FULL, name), name, PASSWORD="p@ss/w")

    main, copy = spec.get_config("main"), spec.get_config("copy")
    assert set(spec.names) == {"main", "copy"}
    assert spec.get_config() is main
    assert isinstance(main, NetConfig)
    assert main.password is not None
    assert (main.host, main.password.reveal(), main.pool_size) == ("localhost", "p@ss/w", 20)
    assert main.instrumentation.log_queries
    assert copy == main.replace(read_only=True)
    assert main.given == {"url", "pool_size", "instrumentation"}


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_lies_over_the_file(load: Load, name: str) -> None:
    """It adds databases, changes options and templates, and may choose another default."""
    spec = load(dumped(FULL, name), name, profile="dev", PASSWORD="x", HOST="db")

    copy = spec.get_config("copy")
    assert set(spec.names) == {"main", "copy", "extra"}
    assert spec.get_config() is copy
    assert spec.get_config("main").pool_size == 2
    assert (copy.instrumentation.log_queries, copy.instrumentation.log_results) == (True, True)
    assert spec.get_config("extra").adapter == "file"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("database.toml", "[databases.main]\nadapter = 'net'\nhosts = 5"),
        ("database.yaml", "databases:\n  main:\n    adapter: net\n    hosts: 5"),
        ("database.yml", "databases: {main: {adapter: net, hosts: 5}}"),
        ("database.json", '{"databases": {"main": {"adapter": "net", "hosts": 5}}}'),
    ],
)
def test_the_name_tells_the_format(load: Load, name: str, text: str) -> None:
    """Whatever the case of its letters."""
    for spelled in (name, name.upper()):
        with pytest.raises(ConfigSourceError, match=r"hosts: unknown option\. Did you mean 'host'"):
            load(text, spelled)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("empty.toml", ""),
        ("empty.yaml", ""),
        ("comment.yaml", "# nothing\n---\n# at all\n"),
        ("empty.json", "{}"),
        ("marker.json", '{"$schema": "x.json"}'),
        ("mark.toml", b"\xef\xbb\xbf\r\n"),
        ("mark.yaml", b"\xef\xbb\xbf\r\n"),
        ("mark.json", b"\xef\xbb\xbf{}\r\n"),
    ],
)
def test_an_empty_file_says_nothing(
    spec: SQLSpec, write: Callable[..., Path], name: str, text: str | bytes
) -> None:
    """Beside others that is no fault; alone it is, and what the error says to write describes a database.

    A byte order mark, which editors on Windows write, and an editor's marker are nothing too.
    """
    beside = write("[databases.main]\nadapter = 'net'", "beside.toml")
    empty = write(text, name)
    for both in ((beside, empty), (empty, beside)):
        assert spec.register_from_file(*both, override=True) == ["main"]

    with pytest.raises(ConfigSourceError) as caught:
        spec.register_from_file(empty)

    told = str(caught.value).partition("no database is described; write, for example: ")[2]
    assert SQLSpec().register_from_file(write(told, name)) == ["main"]


def test_a_value_replaces_a_table_and_the_reverse(load: Load) -> None:
    """What remains is what the nearer table says; a variable of what does not remain need not be set."""
    text = """
        [templates.a]
        instrumentation = "${MISSING}"
        host.x = 1
        [databases.main]
        extends = "a"
        adapter = "net"
        instrumentation.log_queries = true
        host = "h"
    """

    config = load(text).get_config("main")

    assert isinstance(config, NetConfig)
    assert (config.host, config.instrumentation.log_queries) == ("h", True)


def test_of_several_files_the_later_win(spec: SQLSpec, write: Callable[..., Path]) -> None:
    """Table by table, and in any mix of formats; a profile may stand in any of them."""
    paths = [
        write("default: main\ndatabases:\n  main: {adapter: net, host: a, pool_size: 3}\n", "1.yaml"),
        write('{"databases": {"main": {"host": "b"}, "other": {"adapter": "file"}}}', "2.json"),
        write("[profiles.dev.databases.main]\npool_size = 4\n[databases.main]\nport = 7", "3.toml"),
    ]

    names = spec.register_from_file(*paths, profile="dev")

    main = spec.get_config("main")
    assert names == ["main", "other"]
    assert isinstance(main, NetConfig)
    assert (main.host, main.port, main.pool_size) == ("b", 7, 4)
    assert spec.get_config() is main


def test_an_error_is_told_in_the_file_that_said_it(spec: SQLSpec, write: Callable[..., Path]) -> None:
    """Which is the later one, where both have the option."""
    one = write("[databases.main]\nadapter = 'net'\nport = 'a'\nhots = 'b'\n", "one.toml")
    two = write("databases:\n  main:\n    port: c\n", "two.yaml")

    with pytest.raises(ConfigSourceError) as caught:
        spec.register_from_file(one, two)

    assert [str(error) for error in caught.value.exceptions] == [
        f"{two}:3:5: databases.main.port: expected a whole number or None, got str",
        f"{one}:4:1: databases.main.hots: unknown option. Did you mean 'host'?",
    ]


def test_files_that_can_not_be_parsed_are_all_told_of(spec: SQLSpec, write: Callable[..., Path]) -> None:
    """Before anything is made of the others."""
    paths = [write("{", "one.json"), write("a: b: c", "two.yaml"), write("x = 1", "three.toml")]

    with pytest.raises(ConfigSourceError) as caught:
        spec.register_from_file(*paths)

    assert [error.place for error in caught.value.exceptions] == [f"{paths[0]}:1:2", f"{paths[1]}:1:5"]


def test_a_call_that_is_wrong_is_refused(spec: SQLSpec, write: Callable[..., Path]) -> None:
    """Without a file, or with a profile that is no name."""
    with pytest.raises(InvalidArgumentError, match="which file"):
        spec.register_from_file()
    with pytest.raises(InvalidArgumentError, match="not list; several are given one after the other"):
        spec.register_from_file([write("")])  # type: ignore[arg-type] # on purpose
    with pytest.raises(InvalidArgumentError, match="a profile is chosen by its name, not by int"):
        spec.register_from_file(write(""), profile=5)  # type: ignore[arg-type] # on purpose


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("profile", ["dve", ""])
def test_an_unknown_profile_is_refused(load: Load, name: str, profile: str) -> None:
    """With the nearest one."""
    with pytest.raises(ConfigSourceError, match=f"profiles: no profile {profile!r}"):
        load(dumped(FULL, name), name, profile=profile)
    with pytest.raises(ConfigSourceError, match=r"no profile 'dve'\. Did you mean 'dev'"):
        load(dumped(FULL, name), name, profile="dve")


def test_tables_are_nested_sixteen_levels_deep_at_most(load: Load) -> None:
    """Databases and their names are two of them."""
    for levels, says in ((14, "a: unknown option"), (15, "nested deeper than 16 levels")):
        with pytest.raises(ConfigSourceError, match=says):
            load(f"[databases.main]\nadapter = 'net'\n{'.'.join('a' * levels)} = 1")


def test_a_long_chain_of_tables_is_refused(load: Load) -> None:
    """Sixteen steps are more than anybody reads."""
    links = "".join(f"[templates.t{n}]\nextends = 't{n + 1}'\n" for n in range(20))
    end = "[templates.t20]\nadapter = 'net'\n[databases.a]\n"

    assert load(f"{links}{end}extends = 't5'").names == ("a",)
    with pytest.raises(ConfigSourceError, match="more than 16 times"):
        load(f"{links}{end}extends = 't4'")


def test_a_table_of_pyproject_is_read(load: Load) -> None:
    """Only ours; the other tools' tables may hold what they like, and places are those of the whole file."""
    text = (
        "[project]\nname = 'x'\n[tool.other]\na.b.c.d = 1\n[tool.sqlspec.databases.main]\nadapter = 'net'\n"
    )

    assert load(text, "pyproject.toml").names == ("main",)
    with pytest.raises(ConfigSourceError, match=r"pyproject.toml:7:1: databases.main.hots: unknown"):
        load(f"{text}hots = 'x'\n", "pyproject.toml")


@pytest.mark.parametrize("text", ["", "[tool]\nsqlspec = 5", "tool = 5"])
def test_a_pyproject_without_our_table_is_refused(load: Load, text: str) -> None:
    """It was meant to have one."""
    with pytest.raises(ConfigSourceError, match=r"pyproject.toml: has no table \[tool.sqlspec\]"):
        load(text, "pyproject.toml")


def test_a_registry_is_made_of_a_file(write: Callable[..., Path]) -> None:
    """In one call."""
    path = write(
        "databases:\n  main: {url: '${URL}'}\nprofiles:\n  dev: {databases: {main: {pool_size: 2}}}", "a.yaml"
    )

    with SQLSpec.from_file(path, profile="dev", environ={"URL": "sqlite://"}) as spec:
        assert spec.get_config("main").pool_size == 2
        with spec.provide_session() as session:
            assert session.execute("SELECT 1").scalar() == 1


def test_an_inherited_mistake_is_told_once_where_it_was_written(load: Load) -> None:
    """However many databases inherit it."""
    text = """\
[templates.base]
adapter = "net"
pool_sise = 20
[databases.a]
extends = "base"
[databases.b]
extends = "a"
"""

    with pytest.raises(ConfigSourceError) as caught:
        load(text)

    (error,) = caught.value.exceptions
    assert isinstance(error, ConfigFileError)
    assert (error.line, error.column, error.key) == (3, 1, "databases.a.pool_sise")
    assert str(caught.value) == str(error)


@pytest.mark.parametrize("name", NAMES)
def test_a_mistake_of_a_profile_is_told_where_the_profile_has_it(load: Load, name: str) -> None:
    """Also when the profile alone speaks of the database, or of a flag that is refused at registration."""
    said = dumped({"profiles": {"dev": {"databases": {"main": {"pool_size": 2}}}}}, name)
    with pytest.raises(ConfigSourceError, match=r":\d+:\d+: databases.main.adapter: which adapter"):
        load(said, name, profile="dev")

    text = (
        "[databases.main]\nadapter = 'net'\n[profiles.dev.databases.main.instrumentation]\nlog_results = true"
    )
    with pytest.raises(
        ConfigSourceError, match=r"toml:4:1: databases.main.instrumentation.log_results: adds"
    ):
        load(text, profile="dev")


def test_all_errors_come_at_once(load: Load) -> None:
    """Of structure, of variables and of options, as a list; nothing of the file is registered."""
    text = """\
defualt = "main"
[databases.main]
url = "net://${HOST}/db"
pool_size = "many"
instrumentation.log_querys = true
[databases.other]
extends = "nothing"
[databases.third]
adapter = "file"
pool_size = 0
"""

    with pytest.raises(ConfigSourceError) as caught:
        load(text)

    path = caught.value.exceptions[0].place.removesuffix(":1:1")
    assert str(caught.value).replace(path, "F") == (
        "6 errors:\n"
        "  F:1:1: defualt: unknown key. Did you mean 'default'?\n"
        "  F:3:1: databases.main.url: the environment variable HOST is not set; "
        "set it, or write ${HOST:-default}\n"
        "  F:4:1: databases.main.pool_size: expected a whole number, got str\n"
        "  F:5:1: databases.main.instrumentation.log_querys: unknown option. Did you mean 'log_queries'?\n"
        "  F:7:1: databases.other.extends: no such database or template. Known: main, other, third.\n"
        "  F:10:1: databases.third.pool_size: must be at least 1"
    )


def test_a_long_list_of_errors_is_cut(load: Load) -> None:
    """The text stays under 2 KiB; the errors themselves are all there."""
    text = "[databases.main]\nadapter = 'net'\n" + "".join(f"x{n} = 1\n" for n in range(200))

    with pytest.raises(ConfigSourceError) as caught:
        load(text)

    assert len(caught.value.exceptions) == 200
    assert len(str(caught.value).encode()) < 2048
    assert str(caught.value).splitlines()[-1].endswith(" more")


def test_the_errors_can_be_taken_apart(load: Load) -> None:
    """With `except*`, as any group of exceptions."""
    found: list[ConfigFileError] = []

    try:
        load("[databases.main]\nadapter = 'net'\na = 1\nb = 2")
    except* ConfigFileError as group:
        found += group.exceptions  # type: ignore[arg-type] # of the group's own type

    assert [error.line for error in found] == [3, 4]
