"""SQLite keeps texts that are not UTF-8; what can not be read is said, and not shown."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import StatementError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec import Session, SQLSpec

SECRET = "Rosenweg-17"
WAYS: dict[str, Callable[[Session], object]] = {
    "execute": lambda session: session.execute("SELECT * FROM person").all(),
    "stream": lambda session: list(session.stream("SELECT address FROM person")),
    "a later batch": lambda session: list(session.stream("SELECT address FROM person", batch_size=1)),
    "an expression": lambda session: session.execute("SELECT upper(address) AS address FROM person").scalar(),
    "returning": lambda session: session.execute("UPDATE person SET id = 3 RETURNING address").all(),
    "many": lambda session: session.execute_many("UPDATE person SET id = ? RETURNING address", [(3,)]),
}


@pytest.fixture
def session(spec: SQLSpec) -> object:
    """A text of Latin-1, behind one that can be read."""
    with spec.provide_session() as session:
        session.execute("CREATE TABLE person (id INTEGER, address TEXT)")
        session.execute("INSERT INTO person VALUES (1, 'Am Bach')")
        text = SECRET.encode() + b" M\xfcnchen"
        session.execute("INSERT INTO person VALUES (2, CAST(? AS TEXT))", (text,))
        yield session


@pytest.mark.parametrize("way", WAYS)
def test_a_text_that_is_not_utf8_is_a_fault_of_the_data(session: Session, way: str) -> None:
    """The column is named, the value is nowhere, and what is told to do gives the bytes."""
    with pytest.raises(
        StatementError, match=r"column 'address' holds text that is not UTF-8; CAST"
    ) as caught:
        WAYS[way](session)

    assert SECRET.lower() not in "".join(traceback.format_exception(caught.value)).lower()
    assert SECRET in str(caught.value.detail) or way == "an expression"
    value = session.execute("SELECT CAST(address AS BLOB) FROM person WHERE address LIKE 'Rosen%'").scalar()
    assert value == SECRET.encode() + b" M\xfcnchen"
