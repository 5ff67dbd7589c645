"""Databases from environment variables: names, options, files of secrets, and what is not ours."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - a config's annotations are read
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlspec import SQLSpec
from sqlspec.errors import ConfigSourceError, InvalidArgumentError
from tests.config.fake import CANARY, ClusterConfig, FileConfig, NetConfig
from tests.config.sources.conftest import FakeAdapter
from tests.config.sources.environments import FILES, MAPPING, net, refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# --- names and options ------------------------------------------------------------------------------


def test_a_mapping_says_which_databases_there_are(spec: SQLSpec) -> None:
    """Names are in small letters, options in capitals; the classes may be anybody's."""

    class MyConfig(NetConfig, frozen=True, kw_only=True):
        pass

    environ = {
        "DB_PRIMARY_URL": f"net://app:{CANARY}@h/db",
        "DB_PRIMARY_POOL_SIZE": "20",
        "DB_PRIMARY_READ_ONLY": "true",
        "DB_PRIMARY_BUSY_TIMEOUT": "1.5",
        "DB_PRIMARY_INSTRUMENTATION__LOG_QUERIES": "true",
        "DB_FILES_ADAPTER": "file",
        "DB_DEFAULT": "primary",
        "PATH": "/bin",
    }

    names = spec.register_from_env(
        prefix="DB_", mapping={"PRIMARY": MyConfig, "FILES": FileConfig}, environ=environ
    )

    primary = net(spec)
    assert names == ["primary", "files"]
    assert type(primary) is MyConfig
    assert (primary.host, primary.pool_size, primary.read_only, primary.busy_timeout) == ("h", 20, True, 1.5)
    assert primary.instrumentation.log_queries
    assert primary.given == {"url", "pool_size", "read_only", "busy_timeout", "instrumentation"}
    assert spec.get_config() is primary


def test_without_a_mapping_url_or_adapter_tells_the_type(spec: SQLSpec) -> None:
    """And that there is a database at all."""
    environ = {
        "APP_MAIN_URL": "net://h",
        "APP_MY_STORE_ADAPTER": "file",
        "APP_MY_STORE_POOL_SIZE": "3",
        "APP_HOME": "/srv",
        "APP_SECRET_KEY": CANARY,
    }

    names = spec.register_from_env("APP_", environ=environ)

    assert set(names) == {"main", "my_store"}
    assert type(spec.get_config("main")) is NetConfig
    assert spec.get_config("my_store").pool_size == 3


def test_of_two_readings_the_longer_option_wins(spec: SQLSpec) -> None:
    """Where the config of a shorter name has an option that ends like another database's."""

    class WideConfig(NetConfig, frozen=True, kw_only=True):
        store_pool_size: int = 0

    environ = {"DB_MY_HOST": "a", "DB_MY_STORE_HOST": "b", "DB_MY_STORE_POOL_SIZE": "5"}

    spec.register_from_env(mapping={"MY": WideConfig, "MY_STORE": NetConfig}, environ=environ)

    config = spec.get_config("my")
    assert isinstance(config, WideConfig)
    assert (config.store_pool_size, net(spec, "my_store").pool_size) == (5, 10)


def test_names_may_begin_alike(spec: SQLSpec) -> None:
    """What is no option of MY is one of MY_STORE, or of MY_POOL."""
    environ = {
        "DB_MY_URL": "net://a",
        "DB_MY_POOL_SIZE": "1",
        "DB_MY_STORE_URL": "net://b",
        "DB_MY_STORE_POOL_SIZE": "2",
        "DB_MY_POOL_URL": "net://c",
        "DB_MY_POOL_POOL_SIZE": "3",
    }

    spec.register_from_env(environ=environ)

    sizes = {name: spec.get_config(name).pool_size for name in spec.names}
    assert sizes == {"my": 1, "my_store": 2, "my_pool": 3}


def test_an_option_that_ends_like_url_declares_no_database(spec: SQLSpec) -> None:
    """If the shorter name's config has it."""

    class ProxyConfig(NetConfig, frozen=True, kw_only=True):
        proxy_url: str | None = None

    environ = {"DB_PRIMARY_URL": "net://h", "DB_PRIMARY_PROXY_URL": "net://proxy"}

    names = spec.register_from_env(mapping={"PRIMARY": ProxyConfig}, environ=environ)

    config = spec.get_config("primary")
    assert names == ["primary"]
    assert isinstance(config, ProxyConfig)
    assert config.proxy_url == "net://proxy"


@given(
    name=st.from_regex(r"[A-Z][A-Z0-9]{0,5}(_[A-Z0-9]{1,5}){0,2}", fullmatch=True),
    size=st.integers(1, 10**6),
    host=st.text("abcxyz", min_size=1),
)
def test_every_name_reads_back(name: str, size: int, host: str) -> None:
    """However it is composed, also of words that options are made of."""
    environ = {
        f"X_{name}_HOST": host,
        f"X_{name}_POOL_SIZE": str(size),
        f"X_{name}_CONNECT_TIMEOUT": f"{size}",
    }

    with SQLSpec() as spec:
        spec.register_from_env("X_", {name: NetConfig}, environ=environ)
        config = net(spec, name.lower())

    assert (config.host, config.pool_size, config.connect_timeout) == (host, size, float(size))


def test_lists_and_tables_are_json(spec: SQLSpec) -> None:
    """A table's entries may be variables of their own."""

    class TableConfig(ClusterConfig, frozen=True, kw_only=True):
        settings: Mapping[str, str] = {}

    mapping = {"A": TableConfig, "B": TableConfig}
    environ = {
        "DB_A_HOSTS": '[["one", 5432], ["two", null]]',
        "DB_A_SETTINGS": '{"work_mem": "1MB"}',
        "DB_B_SETTINGS__WORK_MEM": "2MB",
    }

    spec.register_from_env(mapping=mapping, environ=environ)

    a, b = spec.get_config("a"), spec.get_config("b")
    assert isinstance(a, TableConfig)
    assert isinstance(b, TableConfig)
    assert a.hosts == (("one", 5432), ("two", None))
    assert (a.settings, b.settings) == ({"work_mem": "1MB"}, {"work_mem": "2MB"})
    assert refused(SQLSpec(), {"DB_A_HOSTS": f"[{CANARY}", "DB_B_SETTINGS": "{}"}, mapping=mapping) == [
        "DB_A_HOSTS: databases.a.hosts: expected a list of [str, a whole number or null]"
    ]
    both = {"DB_A_SETTINGS": "{}", "DB_A_SETTINGS__X": "1", "DB_B_HOSTS": "[]"}
    assert refused(SQLSpec(), both, mapping=mapping) == [
        "DB_A_SETTINGS__X: DB_A_SETTINGS says the whole table; say it in one place"
    ]


def test_a_value_is_what_it_is(spec: SQLSpec) -> None:
    """No `${…}` is filled in, and no blank is lost: a password may have both."""
    environ = {"DB_PRIMARY_HOST": "h", "DB_PRIMARY_PASSWORD": " ${HOME} $x ", "DB_PRIMARY_USER": "5"}

    spec.register_from_env(mapping={"PRIMARY": NetConfig}, environ=environ)

    config = net(spec)
    assert config.password is not None
    assert (config.password.reveal(), config.user) == (" ${HOME} $x ", "5")


def test_any_mapping_is_an_environment(spec: SQLSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is None is not set; the process's own is the default."""
    monkeypatch.setenv("SQLSPEC_TEST_MAIN_URL", "net://own")

    spec.register_from_env("SQLSPEC_TEST_")
    spec.register_from_env(environ={"DB_OTHER_URL": "net://given", "DB_OTHER_POOL_SIZE": None, "DB_X": None})

    assert (net(spec, "main").host, net(spec, "other").host) == ("own", "given")


def test_a_database_replaces_another_only_when_asked(spec: SQLSpec) -> None:
    """As with every way of registering."""
    spec.register_from_env(environ=FILES)

    spec.register_from_env(environ={"DB_FILES_URL": "net://h"}, override=True)

    assert net(spec, "files").host == "h"


# --- files of secrets -------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [CANARY, f"{CANARY}\n", f"{CANARY}\r\n"])
def test_a_value_may_stand_in_a_file(spec: SQLSpec, write: Callable[..., Path], text: str) -> None:
    """Links are followed, as orchestrators mount secrets; the last newline is an editor's."""
    real = write(text, "..data/password")
    link = real.parents[1] / "password"
    link.symlink_to(real)

    spec.register_from_env(environ={"DB_PRIMARY_URL": "net://u@h", "DB_PRIMARY_PASSWORD_FILE": str(link)})

    config = net(spec)
    assert config.password is not None
    assert config.password.reveal() == CANARY


def test_only_the_last_newline_is_an_editors(spec: SQLSpec, write: Callable[..., Path]) -> None:
    """Blanks and further newlines are the secret's own."""
    path = write(" a\n\n", "password")

    spec.register_from_env(environ={"DB_PRIMARY_URL": "net://u@h", "DB_PRIMARY_PASSWORD_FILE": str(path)})

    config = net(spec)
    assert config.password is not None
    assert config.password.reveal() == " a\n"


def test_the_url_may_stand_in_a_file_and_tell_the_type(spec: SQLSpec, write: Callable[..., Path]) -> None:
    """Any option may."""
    environ = {
        "DB_PRIMARY_URL_FILE": str(write(f"net://u:{CANARY}@h\n", "url")),
        "DB_PRIMARY_POOL_SIZE_FILE": str(write("7\n", "size")),
        "DB_PRIMARY_INSTRUMENTATION__SLOW_QUERY_THRESHOLD_FILE": str(write("0.5", "threshold")),
    }

    spec.register_from_env(environ=environ)

    config = net(spec)
    assert (config.host, config.pool_size, config.instrumentation.slow_query_threshold) == ("h", 7, 0.5)


def test_a_files_own_name_is_not_told(spec: SQLSpec, tmp_path: Path) -> None:
    """Somebody may have put the secret itself there."""
    environ = {
        "DB_PRIMARY_URL": "net://h",
        "DB_PRIMARY_PASSWORD_FILE": CANARY,
        "DB_PRIMARY_USER_FILE": str(tmp_path),
    }

    assert refused(spec, environ) == [
        "DB_PRIMARY_PASSWORD_FILE: the file that it names: can not be opened: No such file or directory",
        "DB_PRIMARY_USER_FILE: the file that it names: not a regular file",
    ]


def test_a_value_and_its_file_are_not_both_given(spec: SQLSpec, write: Callable[..., Path]) -> None:
    """Nobody could say which one counts."""
    environ = {
        "DB_PRIMARY_URL": "net://h",
        "DB_PRIMARY_PASSWORD": CANARY,
        "DB_PRIMARY_PASSWORD_FILE": str(write(CANARY, "password")),
    }

    assert refused(spec, environ) == [
        "DB_PRIMARY_PASSWORD_FILE: DB_PRIMARY_PASSWORD says the same; set one of them"
    ]


# --- what is not ours -------------------------------------------------------------------------------

SERVICE = {
    "{}_SERVICE_HOST": "10.0.0.1",
    "{}_SERVICE_PORT": "5432",
    "{}_SERVICE_PORT_PG": "5432",
    "{}_PORT": "tcp://10.0.0.1:5432",
    "{}_PORT_5432_TCP": "tcp://10.0.0.1:5432",
    "{}_PORT_5432_TCP_PROTO": "tcp",
    "{}_PORT_5432_TCP_PORT": "5432",
    "{}_PORT_5432_TCP_ADDR": "10.0.0.1",
    "{}_PORT_53_UDP_ADDR": "10.0.0.1",
    "{}_ENV_PASSWORD": CANARY,
    "{}_NAME": "/web/db",
}


@pytest.mark.parametrize("mapping", [MAPPING, None])
@pytest.mark.parametrize("service", ["DB", "DB_PRIMARY", "DB_PRIMARY_RO", "DB_OTHER"])
def test_what_orchestrators_set_is_not_ours(spec: SQLSpec, mapping: Any, service: str) -> None:
    """Also for a service that is called like a database."""
    injected = {name.format(service): value for name, value in SERVICE.items()}

    spec.register_from_env(environ={"DB_PRIMARY_URL": "net://h:7", **FILES, **injected}, mapping=mapping)

    assert net(spec).port == 7
    assert set(spec.names) == {"primary", "files"}


def test_dockers_name_of_a_link_is_no_near_miss(spec: SQLSpec) -> None:
    """Of `username`, which real configs have; another value is what some call the database."""
    environ = {"DB_PRIMARY_URL": "postgresql://h", "DB_PRIMARY_NAME": "/web/db"}

    assert spec.register_from_env(environ=environ) == ["primary"]
    with pytest.raises(ConfigSourceError, match="Did you mean DB_PRIMARY_DATABASE"):
        spec.register_from_env(environ={**environ, "DB_PRIMARY_NAME": "shop"})


def test_an_option_that_looks_injected_is_an_option(spec: SQLSpec) -> None:
    """`…_PORT` with a number is the port."""
    spec.register_from_env(environ={"DB_PRIMARY_URL": "net://h", "DB_PRIMARY_PORT": "7"})

    assert net(spec).port == 7


def test_databases_of_others_are_not_ours(spec: SQLSpec) -> None:
    """With a mapping: a name beside it that has a URL, of a series or longer, belongs to another program."""
    others = {
        "DB_PRIMARY_RO_URL": CANARY,
        "DB_PRIMARY_RO_POOL_SISE": "5",
        "DB_PRIMARY2_URL": CANARY,
        "DB_WAREHOUSE_ADAPTER": "oracle",
        "DB_HOST": "x",
        "DB_BACKUP_CRON": "daily",
        "DB_PRIMARY_BACKUP_CRON": "daily",
    }

    environ = {"DB_PRIMARY_URL": "net://h", **FILES, **others}

    names = spec.register_from_env(environ=environ, mapping=MAPPING)

    assert names == ["primary", "files"]


# --- the call ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"prefix": ""}, "a prefix is a text of letters"),
        ({"prefix": "DB-"}, "a prefix is a text of letters"),
        ({"mapping": {"A B": NetConfig}}, "a key of mapping is a part of variables' names"),
        ({"mapping": {"A": "net"}}, r"mapping\['A'\] is a config's class"),
        ({"mapping": {"A": NetConfig(host="h")}}, r"mapping\['A'\] is a config's class"),
        ({"mapping": {"A": NetConfig, "a": NetConfig}}, "differ only in capital letters"),
    ],
)
def test_a_call_that_is_wrong_is_refused(spec: SQLSpec, options: Any, says: str) -> None:
    """Before the environment is looked at."""
    with pytest.raises(InvalidArgumentError, match=says):
        spec.register_from_env(environ={}, **options)


WORDS = "MAIN A B URL ADAPTER POOL SIZE SISE FILE INSTRUMENTATION _ LOG QUERIES PORT DEFAULT TCP 5 x"
VALUES = ["net://h", "file", "5", "true", "", "{", "[1]", "tcp://h:1", "/", "main"]
VARIABLE = st.lists(st.sampled_from(WORDS.split()), max_size=6).map(lambda words: "DB_" + "_".join(words))


@pytest.mark.parametrize("mapping", [{"MAIN": NetConfig, "A_B": FileConfig}, None])
@given(environ=st.dictionaries(VARIABLE, st.sampled_from(VALUES) | st.text(max_size=5), max_size=6))
def test_any_environment_is_configs_or_a_config_source_error(mapping: Any, environ: dict[str, str]) -> None:
    """No other exception leaves."""
    with SQLSpec() as spec:
        spec.plugins.register(FakeAdapter("net", "tests.config.fake:NetConfig"), "net")
        spec.plugins.register(FakeAdapter("file", "tests.config.fake:FileConfig"), "file")

        with suppress(ConfigSourceError):
            assert spec.register_from_env(environ=environ, mapping=mapping)
