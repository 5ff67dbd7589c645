"""Values of Python in Redis and back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict
from uuid import UUID

import msgspec
import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from sqlspec import SQLSpec
from sqlspec.errors import MappingError
from sqlspec_redis import decode
from sqlspec_redis.codec import encode_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec_redis import RedisConfig


@dataclass
class Order:
    """One of the seed's."""

    id: int
    total: Decimal


class Struct(msgspec.Struct):
    """msgspec's."""

    id: int
    when: datetime


class Typed(TypedDict):
    """A dict with known keys."""

    id: int


class Pair(NamedTuple):
    """A tuple with names."""

    a: int
    b: str


class Color(Enum):
    """By its value."""

    RED = "red"


class Level(IntEnum):
    """Of which redis-py alone would store the repr."""

    HIGH = 3


class Size(StrEnum):
    """A str, which goes as it is."""

    BIG = "big"


NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
VALUES: list[tuple[Any, Any]] = [
    ({"a": [1, None]}, dict),
    ([1, 2], list[int]),
    ({1}, set[int]),
    (Order(7, Decimal("9.90")), Order),
    (Struct(7, NOW), Struct),
    (Typed(id=7), Typed),
    (Pair(1, "x"), Pair),
    (NOW, datetime),
    (NOW.date(), date),
    (timedelta(seconds=90), timedelta),
    (Decimal("1.10"), Decimal),
    (UUID(int=7), UUID),
    (True, bool),
    (Color.RED, Color),
    (Level.HIGH, Level),
    (Size.BIG, str),
    ("plain", str),
    ("7", str),
    (b"\x00\x7f", bytes),
    (7, int),
    (1.5, float),
    (math.inf, float),
]


@pytest.fixture
def spec(config: RedisConfig) -> Iterator[Any]:
    """`json` with the codec, `plain` without."""
    with SQLSpec() as spec:
        spec.register_config(config.replace(codec="json"), "json")
        spec.register_config(config.replace(codec="json", decode_responses=True), "text")
        spec.register_config(config, "plain")
        yield spec


@pytest.mark.parametrize(
    ("value", "kind"), VALUES, ids=[f"{type(v).__name__}-{i}" for i, (v, _) in enumerate(VALUES)]
)
@pytest.mark.parametrize("name", ["json", "text"])
def test_a_value_comes_back_as_it_was(spec: Any, name: str, value: Any, kind: Any) -> None:
    """One call in, one call out."""
    with spec.provide_session(name) as cache:
        cache.set("key", value)
        found = decode(cache.get("key"), kind)

    assert found == value
    assert type(found) is type(value) or kind is str


def test_every_way_to_store_takes_values(spec: Any) -> None:
    """It is not a matter of the method."""
    order = Order(7, Decimal(1))
    with spec.provide_session("json") as cache:
        cache.mset({"m": order})
        cache.hset("h", mapping={"f": order})
        cache.lpush("l", order)
        with cache.pipeline() as pipe:
            pipe.set("p", order)
            pipe.execute()
        found = [cache.get("m"), cache.hget("h", "f"), cache.lindex("l", 0), cache.get("p")]

    assert [decode(one, Order) for one in found] == [order] * 4


def test_numbers_can_be_counted_with(spec: Any) -> None:
    """What redis-py takes goes as redis-py sends it."""
    with spec.provide_session("json") as cache:
        cache.set("n", 41)
        assert cache.incr("n") == 42
        assert decode(cache.get("n"), int) == 42


def test_without_a_codec_redis_py_decides(spec: Any) -> None:
    """Its own error, before anything is sent; the session works on."""
    with spec.provide_session("plain") as cache:
        with pytest.raises(redis.DataError):
            cache.set("key", {"a": 1})
        assert cache.get("key") is None


@pytest.mark.parametrize("key", [["a"], {"a": 1}, None, True], ids=repr)
def test_a_key_is_never_encoded(spec: Any, key: Any) -> None:
    """It is a mistake, not a value."""
    with spec.provide_session("json") as cache, pytest.raises(redis.DataError):
        cache.get(key)


@pytest.mark.parametrize(
    "value", [None, object(), lambda: 1, {"a": object()}], ids=["None", "object", "function", "inside"]
)
def test_what_has_no_json_is_refused(spec: Any, value: Any) -> None:
    """With the error that redis-py has for it; the connection is as good as before."""
    with spec.provide_session("json") as cache:
        with pytest.raises(redis.DataError):
            cache.set("key", value)
        assert cache.get("key") is None


def test_what_is_not_there_is_none(spec: Any) -> None:
    """Whatever it would have been."""
    with spec.provide_session("json") as cache:
        assert decode(cache.get("missing"), Order) is None
        assert [decode(one, Order) for one in cache.mget("missing", "too")] == [None, None]


@pytest.mark.parametrize(
    ("stored", "kind", "text"),
    [
        (b'{"id": "hunter2", "total": "1"}', Order, "what is stored at $.id is no Order"),
        (b"hunter2", Order, "what is stored is no Order"),
        (b"\xff", str, "what is stored is no str"),
        (b"hunter2", float, "what is stored is no float"),
    ],
    ids=["field", "malformed", "text", "float"],
)
def test_g32_what_does_not_fit_is_a_mapping_error_without_the_value(
    stored: bytes, kind: Any, text: str
) -> None:
    """It says where."""
    with pytest.raises(MappingError) as caught:
        decode(stored, kind)

    assert str(caught.value) == text
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_pydantics_models_come_and_go() -> None:
    """By what they have in common: no import."""

    class Model:
        def __init__(self, number: int) -> None:
            self.number = number

        def model_dump(self, mode: str) -> dict[str, int]:
            assert mode == "json"
            return {"number": self.number}

        @classmethod
        def model_validate_json(cls, data: bytes) -> Model:
            return cls(**msgspec.json.decode(data))

    stored = encode_json(("SET", "k", Model(7)))[2]

    assert stored == b'{"number":7}'
    found = decode(stored, Model)
    assert found is not None
    assert found.number == 7


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(JSON, max_size=4) | st.dictionaries(st.text(), JSON, max_size=4))
def test_what_json_can_say_survives(value: Any) -> None:
    """Any shape of it."""
    assert decode(encode_json(("SET", "k", value))[2], type(value)) == value


@given(
    st.lists(
        st.text() | st.binary() | st.integers() | st.floats() | st.builds(bytearray, st.binary()), min_size=1
    )
)
def test_what_redis_py_takes_is_not_touched(arguments: list[Any]) -> None:
    """The very same objects."""
    given_ = tuple(arguments)

    assert encode_json(given_) is given_
