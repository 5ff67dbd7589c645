"""Configs know what was said, and merging lets only that win."""

from __future__ import annotations

import copy
import pickle
import sys
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sqlspec.config import InstrumentationConfig, Secret
from sqlspec.config.struct import ConfigStruct, build
from sqlspec.errors import InvalidArgumentError, InvalidConfigError
from tests.config.fake import CANARY, ClusterConfig, FileConfig, NetConfig

INSTRUMENTATION = st.fixed_dictionaries(
    {},
    optional={
        "log_queries": st.booleans(),
        "log_results": st.booleans(),
        "service_name": st.sampled_from("ab"),
    },
)
OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "pool_size": st.integers(10, 20),
        "pool_recycle": st.none() | st.floats(1, 9),
        "autocommit": st.booleans(),
        "host": st.none() | st.sampled_from("ab"),
        "reset": st.sampled_from(["full", "rollback"]),
        "instrumentation": INSTRUMENTATION.map(cast("Any", InstrumentationConfig).from_mapping),
    },
)
CONFIGS: st.SearchStrategy[NetConfig] = OPTIONS.map(lambda said: build(NetConfig, said))


def facts(config: NetConfig) -> tuple[Any, ...]:
    """All that two equal configs must share, given-ness included."""
    return config, config.given, config.instrumentation.given


@given(OPTIONS)
def test_given_is_what_was_said(options: dict[str, Any]) -> None:
    """A default that was said counts; one that was not does not."""
    assert NetConfig(**options).given == options.keys()


def test_givenness_is_outside_equality_hash_and_repr() -> None:
    """Two configs of the same values are the same config, however they were written."""
    said, unsaid = NetConfig(pool_size=10), NetConfig()

    assert said.given != unsaid.given
    assert (said, hash(said), repr(said)) == (unsaid, hash(unsaid), repr(unsaid))


def replaced(config: NetConfig) -> NetConfig:
    """`copy.replace`, as far as the Python at hand has it."""
    if sys.version_info >= (3, 13):
        return copy.replace(config)
    return config.replace()


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, NetConfig.replace, replaced, lambda c: pickle.loads(pickle.dumps(c))],  # noqa: S301
)
@settings(max_examples=25)
@given(CONFIGS)
def test_every_copy_remembers_what_was_said(copied: Any, config: NetConfig) -> None:
    """And is another object, so that a registry can tell the two apart."""
    twin = copied(config)

    assert twin is not config
    assert facts(twin) == facts(config)


def test_replacing_says_one_thing_more() -> None:
    """What was said before stays said."""
    config = NetConfig(pool_size=5).replace(autocommit=True)

    assert (config.pool_size, config.autocommit) == (5, True)
    assert config.given == {"pool_size", "autocommit"}


def test_replacing_is_checked_like_building() -> None:
    """Names, types and ranges."""
    wrongs: list[dict[str, Any]] = [{"pool_sise": 5}, {"pool_size": "5"}, {"pool_size": 0}]
    for wrong in wrongs:
        with pytest.raises(InvalidConfigError, match=r"^NetConfig\.pool_si"):
            NetConfig().replace(**wrong)


def test_msgspecs_own_replace_checks_and_guesses_what_was_said() -> None:
    """Whatever differs from its default counts as said, and the URL must still agree."""
    config = msgspec.structs.replace(NetConfig(url="net://h/db"), pool_size=5)

    assert config.given == {"url", "host", "database", "pool_size"}
    with pytest.raises(InvalidConfigError, match="pool_size"):
        msgspec.structs.replace(config, pool_size=0)
    with pytest.raises(InvalidConfigError, match="host"):
        msgspec.structs.replace(config, url="net://other/db")


def test_msgspecs_own_convert_checks_and_reads_the_url() -> None:
    """So a config inside somebody's settings struct works."""
    config = msgspec.convert({"url": "net://h?pool_size=5"}, NetConfig)

    assert (config.host, config.pool_size) == ("h", 5)


# --- merging ----------------------------------------------------------------------------------------


@given(CONFIGS)
def test_merging_nothing_changes_nothing(config: NetConfig) -> None:
    """Neither from the right, as a config or a mapping, nor from the left."""
    assert facts(config.merge(NetConfig())) == facts(config)
    assert facts(config.merge({})) == facts(config)
    assert facts(NetConfig().merge(config)) == facts(config)


@given(CONFIGS, CONFIGS)
def test_what_the_override_said_wins(base: NetConfig, override: NetConfig) -> None:
    """All else stays as the base has it; what is said is said by either."""
    merged = base.merge(override)

    assert merged.given == base.given | override.given
    for name in merged.given - {"instrumentation"}:
        assert getattr(merged, name) == getattr(override if name in override.given else base, name)


@given(CONFIGS, CONFIGS, CONFIGS)
def test_merging_is_associative(one: NetConfig, two: NetConfig, three: NetConfig) -> None:
    """Layers may be joined in any grouping."""
    assert facts(one.merge(two).merge(three)) == facts(one.merge(two.merge(three)))


@given(INSTRUMENTATION, INSTRUMENTATION)
def test_instrumentation_merges_deeply(base: dict[str, Any], override: dict[str, Any]) -> None:
    """By struct or by mapping alike."""
    config = NetConfig(instrumentation=InstrumentationConfig(**base))

    by_struct = config.merge(NetConfig(instrumentation=InstrumentationConfig(**override)))
    by_mapping = config.merge({"instrumentation": override})

    assert facts(by_struct) == facts(by_mapping)
    assert by_struct.instrumentation.given == base.keys() | override.keys()
    assert by_struct.instrumentation == InstrumentationConfig(**(base | override))


def test_a_base_without_a_url_serves_environments() -> None:
    """Hierarchies of configs are written so: the base says how, the override says where."""
    base = NetConfig(
        pool_size=20, pool_timeout=30, instrumentation=InstrumentationConfig(enable_prometheus=True)
    )

    dev = base.merge(
        NetConfig(url="net://localhost/dev", instrumentation=InstrumentationConfig(log_queries=True))
    )
    prod = base.merge(NetConfig(url="net://prod.db/app", pool_size=100))

    assert (dev.host, dev.pool_size) == ("localhost", 20)
    assert dev.instrumentation == InstrumentationConfig(enable_prometheus=True, log_queries=True)
    assert (prod.host, prod.database, prod.pool_size) == ("prod.db", "app", 100)


def test_a_url_on_top_replaces_the_url_below() -> None:
    """What the old URL had filled goes with it."""
    merged = NetConfig(url="net://old:1/a?busy_timeout=2").merge(NetConfig(url="net://new"))

    assert merged == NetConfig(url="net://new")


@pytest.mark.parametrize(
    ("base", "override"),
    [
        ({"host": "a"}, {"url": "net://b"}),
        ({"url": "net://b"}, {"host": "a"}),
        ({"pool_size": 10}, {"url": "net:///?pool_size=5"}),
    ],
)
def test_a_merge_in_which_url_and_field_disagree_is_refused(
    base: dict[str, Any], override: dict[str, Any]
) -> None:
    """In either order: neither is guessed to be the right one."""
    with pytest.raises(InvalidConfigError, match="the url says something else"):
        NetConfig(**base).merge(NetConfig(**override))


@pytest.mark.parametrize(
    "other", [FileConfig(), InstrumentationConfig(), ClusterConfig(pool_size=3), None, 5]
)
def test_another_adapters_config_can_not_be_merged(other: Any) -> None:
    """Even where its fields would fit."""
    with pytest.raises(InvalidConfigError, match="can not be merged"):
        NetConfig().merge(other)


@pytest.mark.parametrize("other", [NetConfig(), object(), None])
def test_instrumentation_merges_with_its_own_kind_only(other: Any) -> None:
    """Whatever the type checker was told."""
    with pytest.raises(InvalidConfigError, match="can not be merged"):
        InstrumentationConfig().merge(other)


def test_a_subclass_keeps_its_type() -> None:
    """The result is of the base's class, which may know more fields than the override's."""

    class Tuned(NetConfig, frozen=True, kw_only=True):
        tuning: int = 1

    merged = Tuned(tuning=5).merge(cast("Any", NetConfig(pool_size=3)))

    assert merged == Tuned(tuning=5, pool_size=3)
    with pytest.raises(InvalidConfigError, match=r"NetConfig\.tuning: unknown option"):
        NetConfig().merge(Tuned(tuning=5))


def test_secrets_survive_merging() -> None:
    """They are values like others."""
    merged = NetConfig(password=Secret(CANARY)).merge(NetConfig(pool_size=3))

    assert merged.password == Secret(CANARY)


# --- classes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [{}, {"frozen": True}, {"kw_only": True}, {"frozen": False, "kw_only": True}]
)
def test_a_class_that_forgets_an_option_is_refused_with_the_line_to_write(options: dict[str, bool]) -> None:
    """Else its fields could be given by position, silently."""
    with pytest.raises(InvalidArgumentError, match=r"class Mine\(NetConfig, frozen=True, kw_only=True\)"):
        cast("Any", type(NetConfig))("Mine", (NetConfig,), {"__annotations__": {"extra": int}}, **options)


def test_a_factorys_default_is_known_as_default() -> None:
    """Fields may have defaults that are made anew."""

    class Listing(ConfigStruct, frozen=True, kw_only=True):
        names: list[str] = msgspec.field(default_factory=list)

    assert repr(Listing()) == "Listing()"
    assert repr(Listing(names=["a"])) == "Listing(names=['a'])"


def test_configs_are_frozen_and_can_be_referred_to_weakly() -> None:
    """Shared by threads and keyed by identity."""
    import weakref

    config = NetConfig()

    with pytest.raises(AttributeError):
        config.pool_size = 5  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    assert weakref.ref(config)() is config
