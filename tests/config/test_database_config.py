"""What a config accepts, what its URL fills, and what its errors say."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, cast

import msgspec
import pytest

from sqlspec.config import AsyncOnlyConfig, DatabaseConfig, InstrumentationConfig, Secret
from sqlspec.config.convert import Text
from sqlspec.errors import InvalidArgumentError, InvalidConfigError
from tests.config.fake import CANARY, ClusterConfig, FakeSession, NetConfig, everything_said

if TYPE_CHECKING:
    from collections.abc import Callable

NAN, INFINITE = float("nan"), float("inf")


# --- values -----------------------------------------------------------------------------------------


def test_everything_has_a_default() -> None:
    """Every wait is finite, and a base for merging needs no address."""
    config = NetConfig()

    assert (config.pool_size, config.pool_timeout, config.connect_timeout, config.commit_timeout) == (
        10,
        30,
        10,
        30,
    )
    assert (config.pool_recycle, config.pool_idle_timeout, config.pool_pre_ping, config.reset) == (
        3600,
        600,
        True,
        "full",
    )


def test_whole_numbers_do_for_durations() -> None:
    """`pool_timeout=30` is what people write."""
    config = NetConfig(pool_timeout=3, pool_recycle=None)

    assert isinstance(config.pool_timeout, float)
    assert config.pool_recycle is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pool_size": "5"}, "NetConfig.pool_size: expected int, got str"),
        ({"pool_size": True}, "NetConfig.pool_size: expected int, got bool"),
        ({"pool_size": 5.5}, "NetConfig.pool_size: expected int, got float"),
        ({"pool_timeout": "5"}, "NetConfig.pool_timeout: expected float, got str"),
        ({"pool_recycle": "5"}, "NetConfig.pool_recycle: expected float or None, got str"),
        ({"autocommit": 1}, "NetConfig.autocommit: expected bool, got int"),
        ({"reset": "ful"}, "NetConfig.reset: expected 'full' or 'rollback'"),
        ({"url": 5}, "NetConfig.url: expected str or None, got int"),
        ({"password": 5}, "NetConfig.password: expected str or Secret or None, got int"),
        ({"instrumentation": True}, "NetConfig.instrumentation: expected a table, got bool"),
        ({"pool_sise": 5}, "NetConfig.pool_sise: unknown option. Did you mean 'pool_size'?"),
        ({"pool_size": 0}, "NetConfig.pool_size: must be at least 1"),
        ({"pool_min_size": -1}, "NetConfig.pool_min_size: must be at least 0"),
        ({"pool_min_size": 11}, "NetConfig.pool_min_size: must not be above pool_size"),
    ],
)
def test_a_wrong_option_is_named_with_what_was_expected(options: dict[str, Any], message: str) -> None:
    """By call and by mapping; the key stands apart for whoever knows its line."""
    doors: list[Callable[[], object]] = [
        lambda: NetConfig(**options),
        lambda: NetConfig.from_mapping(options),
    ]
    for door in doors:
        with pytest.raises(InvalidConfigError) as caught:
            door()

        assert str(caught.value) == message
        assert caught.value.key == next(iter(options))


@pytest.mark.parametrize(
    "name",
    [
        "pool_timeout",
        "pool_recycle",
        "pool_idle_timeout",
        "connect_timeout",
        "query_timeout",
        "commit_timeout",
        "leak_detection_threshold",
    ],
)
@pytest.mark.parametrize("value", [0, -1, NAN, INFINITE, 10**400])
def test_durations_are_finite_and_above_zero(name: str, value: float) -> None:
    """No wait is endless, none is negative."""
    with pytest.raises(InvalidConfigError, match=name):
        NetConfig(**cast("dict[str, Any]", {name: value}))


def test_instrumentation_checks_itself() -> None:
    """With its own key, below the config's."""
    with pytest.raises(InvalidConfigError, match=r"^InstrumentationConfig\.slow_query_threshold: must be"):
        InstrumentationConfig(slow_query_threshold=-1)
    with pytest.raises(
        InvalidConfigError, match=r"^NetConfig\.instrumentation\.slow_query_threshold: must be"
    ) as caught:
        NetConfig.from_mapping({"instrumentation": {"slow_query_threshold": -1}})

    assert caught.value.key == "instrumentation.slow_query_threshold"


def test_options_are_given_by_keyword() -> None:
    """A URL by position would be taken for anything."""
    with pytest.raises(InvalidConfigError, match="by keyword"):
        cast("Any", NetConfig)("net://h")


def test_a_required_option_is_asked_for() -> None:
    """An adapter's field may have no default."""

    class Strict(NetConfig, frozen=True, kw_only=True):
        cluster: str

    with pytest.raises(InvalidConfigError, match=r"^Strict\.cluster: is required$"):
        cast("Any", Strict)()
    assert Strict(cluster="a").given == {"cluster"}


def test_a_class_without_an_adapter_makes_no_configs() -> None:
    """Classes in between have no adapter, only classes at the end."""

    class Between(DatabaseConfig[FakeSession, FakeSession], frozen=True, kw_only=True):
        """Only inherited from."""

    for cls in (cast("Any", DatabaseConfig), Between):
        with pytest.raises(InvalidConfigError, match="belongs to no adapter"):
            cls()


def test_an_adapters_check_that_raises_something_else_is_told_what_to_raise() -> None:
    """Its own text is not passed on: it may hold a value."""

    class Careless(NetConfig, frozen=True, kw_only=True):
        def check(self) -> None:
            raise ValueError(CANARY)

    with pytest.raises(InvalidConfigError, match="must raise InvalidConfigError") as caught:
        Careless()
    assert not any(CANARY in text for text in everything_said(caught.value))


def test_an_annotation_that_can_not_be_read_is_explained() -> None:
    """The commonest slip of adapter authors."""

    class Careless(NetConfig, frozen=True, kw_only=True):
        rules: Nowhere | None = None  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore[reportUndefinedVariable]

    with pytest.raises(InvalidArgumentError, match="'Nowhere' is not defined; import it outside"):
        Careless()


def test_paths_and_an_adapters_own_types_are_taken() -> None:
    """A path from a text, too; another type only as what it is."""

    class Rules:
        """Of some adapter."""

    class Own(NetConfig, frozen=True, kw_only=True):
        directory: Path | None = None
        rules: Rules | None = None

    Own.__annotations__.update(directory=Path | None, rules=Rules | None)
    rules = Rules()

    assert Own(rules=rules).rules is rules
    assert Own.from_mapping({"directory": "/tmp"}).directory == Path("/tmp")  # noqa: S108
    with pytest.raises(InvalidConfigError, match="expected Rules or None, got str"):
        Own(rules=cast("Any", "x"))


# --- mappings ---------------------------------------------------------------------------------------


def test_a_mapping_gives_exactly_its_keys() -> None:
    """Nested ones too; secrets become secrets."""
    config = NetConfig.from_mapping({"password": CANARY, "instrumentation": {"log_queries": True}})

    assert config.password == Secret(CANARY)
    assert config.given == {"password", "instrumentation"}
    assert config.instrumentation.given == {"log_queries"}


def test_errors_of_a_mapping_begin_where_the_mapping_stands() -> None:
    """The dotted key is the one the user wrote."""
    for data, key in (
        ({"pool_sise": 1}, "databases.main.pool_sise"),
        ({"instrumentation": {"log_querys": True}}, "databases.main.instrumentation.log_querys"),
        ({"url": "nonsense"}, "databases.main.url"),
        ({"url": "net://h?pool_size=x"}, "databases.main.pool_size"),
        ([], "databases.main"),
    ):
        with pytest.raises(InvalidConfigError) as caught:
            NetConfig.from_mapping(cast("Any", data), where="databases.main")

        assert caught.value.key == key
        assert str(caught.value).startswith(f"{key}: ")


@pytest.mark.parametrize("data", [None, [], "net://h", {5: 1}, {"url": None, None: 1}])
def test_only_a_mapping_of_names_is_a_mapping(data: Any) -> None:
    """Other data from a file is an error, not a crash."""
    with pytest.raises(InvalidConfigError):
        NetConfig.from_mapping(data)


def test_texts_from_outside_are_read_as_numbers_and_booleans() -> None:
    """An environment variable knows nothing else; a text where a text is wanted stays one."""
    config = NetConfig.from_mapping(
        {
            "pool_size": Text("5"),
            "pool_recycle": Text("null"),
            "autocommit": Text("true"),
            "host": Text("5"),
        }
    )

    assert (config.pool_size, config.pool_recycle, config.autocommit, config.host) == (5, None, True, "5")
    assert type(config.host) is str
    with pytest.raises(InvalidConfigError, match=r"pool_size: expected a whole number$"):
        NetConfig.from_mapping({"pool_size": Text("five")})


def test_g35_some_options_are_for_code_only() -> None:
    """Neither data nor a URL may set them."""
    assert NetConfig(local_infile=True).local_infile
    for data in ({"local_infile": True}, {"url": "net://h?local_infile=true"}):
        with pytest.raises(InvalidConfigError, match=r"local_infile: can be set in code only"):
            NetConfig.from_mapping(data)


# --- showing and sending ----------------------------------------------------------------------------


def test_repr_shows_what_is_not_default_and_masks_secrets() -> None:
    """The same goes for rich's tracebacks."""
    config = NetConfig(url=f"net://me:{CANARY}@h", pool_size=3)

    assert repr(config) == "NetConfig(url='net://me:***@h', pool_size=3, host='h', user='me', password=***)"
    assert CANARY not in str(config.__rich_repr__())


def test_a_config_with_a_secret_is_not_pickled() -> None:
    """Be it in a field or in the URL alone."""
    for config in (NetConfig(password=Secret(CANARY)), NetConfig(url=f"net://:{CANARY}@h")):
        with pytest.raises(InvalidArgumentError, match="not pickled") as caught:
            pickle.dumps(config)
        assert not any(CANARY in text for text in everything_said(caught.value))


@pytest.mark.parametrize(
    "secret", [CANARY, f"{CANARY}@", f"1/{CANARY}", f"?{CANARY}", f"#{CANARY}", f"%{CANARY}", f"{CANARY}\n"]
)
def test_g32_no_failure_shows_a_secret(secret: str) -> None:
    """Whatever goes wrong beside it, or with it."""
    attempts: list[dict[str, Any]] = [
        {"url": f"net://me:{secret}@h:x"},
        {"url": f"net://me:{secret}@h?pool_size=x"},
        {"url": f"net://me:{secret}@h,h2"},
        {"url": f"nett://me:{secret}@h"},
        {"url": f"net://me:{secret}@h", "password": "other"},
        {"url": f"net://me:ok@h?busy_timeout={secret}"},
        {"password": secret, "pool_size": "x"},
        {"password": [secret]},
        {"reset": secret},
        {"pool_size": secret},
        {"instrumentation": {"log_queries": secret}},
        {"instrumentation": secret},
        {"port": {secret: secret}},
    ]
    for options in attempts:
        for door in (
            lambda o: NetConfig(**o),
            NetConfig.from_mapping,
            NetConfig().merge,
            lambda o: NetConfig().replace(**o),
        ):
            with pytest.raises(InvalidConfigError) as caught:
                cast("Any", door)(options)
            assert not any(CANARY in text for text in everything_said(caught.value)), options


# --- alone ------------------------------------------------------------------------------------------


def test_a_config_alone_asks_the_database_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is imported on use only: data needs no machinery."""
    calls: list[Any] = []

    class Standalone:
        def __init__(self, config: Any) -> None:
            calls.append(config)

        def __getattr__(self, name: str) -> Any:
            return lambda **options: calls.append((name, options))

    module = ModuleType("sqlspec.database.standalone")
    module.__dict__["Standalone"] = Standalone
    monkeypatch.setitem(sys.modules, module.__name__, module)
    config = NetConfig()

    config.create_pool()
    config.create_async_pool()
    config.provide_connection()
    config.provide_session(read_only=True)

    session = {"autocommit": None, "read_only": True, "isolation": None, "query_timeout": None}
    assert calls[0] is config
    assert calls[1::2] == [
        ("create_pool", {}),
        ("create_async_pool", {}),
        ("provide_connection", {}),
        ("provide_session", session),
    ]


class TwoTypes(DatabaseConfig[FakeSession, FakeSession], frozen=True, kw_only=True):
    """Without the driver's types."""

    adapter: ClassVar[str] = "two"


class AsyncTypes(AsyncOnlyConfig[FakeSession, FakeSession], frozen=True, kw_only=True):
    """The async ones alone."""

    adapter: ClassVar[str] = "async"


@pytest.mark.parametrize("cls", [TwoTypes, AsyncTypes, NetConfig, ClusterConfig])
def test_type_parameters_need_not_all_be_given(cls: Any) -> None:
    """The driver's types default to Any, and may be texts: its import can wait."""
    assert cls(pool_size=3).pool_size == 3


def test_a_config_can_be_a_field_of_somebodys_settings() -> None:
    """It is decoded from JSON like any struct, and our checks hold."""

    class Settings(msgspec.Struct):
        database: NetConfig

    Settings.__annotations__["database"] = NetConfig

    assert msgspec.json.decode(b'{"database": {"url": "net://h"}}', type=Settings).database.host == "h"
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"database": {"pool_size": 0}}', type=Settings)
