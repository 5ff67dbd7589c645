"""redis-py's errors, each with the class of ours that means the same: observers are told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import redis
from redis import exceptions

from sqlspec import SQLSpec
from sqlspec.errors import DatabaseError, OperationalError, SQLSpecError, StatementError
from sqlspec_redis.errors import mapped

if TYPE_CHECKING:
    from sqlspec_redis import RedisConfig

ERRORS = {
    name: kind
    for name, kind in vars(exceptions).items()
    if isinstance(kind, type) and issubclass(kind, Exception) and kind.__module__ == "redis.exceptions"
}
SAY_NOTHING = {"RedisError"}
OF_THE_PROGRAM = {"ChildDeadlockedError", "IncorrectPolicyType"}
"""Not of Redis: they go on as they are."""


@pytest.mark.parametrize("name", sorted(ERRORS.keys() - OF_THE_PROGRAM))
def test_nothing_that_redis_py_raises_is_without_a_class(name: str) -> None:
    """One that is new must be looked at."""
    kind = ERRORS[name]
    moved = "1 127.0.0.1:7000"
    error = mapped(kind(moved))

    assert isinstance(error, SQLSpecError)
    assert (type(error) is DatabaseError) is (name in SAY_NOTHING)


WORDS = {
    "WRONGTYPE Operation against a key": StatementError,
    "ERR unknown command": StatementError,
    "BUSYGROUP Consumer Group name already exists": StatementError,
    "NOGROUP No such key": StatementError,
    "BUSY Redis is busy running a script": OperationalError,
    "MISCONF Redis is configured to save": OperationalError,
    "NOREPLICAS Not enough good replicas to write": OperationalError,
    "CLUSTERDOWN The cluster is down": OperationalError,
    "TRYAGAIN Multiple keys request during rehashing": OperationalError,
    "UNKILLABLE Sorry the script already executed write commands": OperationalError,
}


@pytest.mark.parametrize("words", WORDS)
def test_the_word_of_a_server_tells_a_fault_from_a_circumstance(words: str) -> None:
    """Servers put it first."""
    assert type(mapped(redis.ResponseError(words))) is WORDS[words]


async def test_a_wrong_command_is_no_circumstance(config: RedisConfig, recorder: Any) -> None:
    """As a server says it."""
    spec = SQLSpec()
    spec.plugins.register(recorder)
    with spec, spec.provide_session(spec.register_config(config)) as session:
        session.set("word", "x")
        with pytest.raises(redis.ResponseError):
            session.lpush("word", "1")
        with pytest.raises(redis.ResponseError):
            session.incr("word")

    assert recorder.outcomes[1:] == [("LPUSH ?", "StatementError"), ("INCRBY ?", "StatementError")]
