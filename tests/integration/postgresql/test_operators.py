"""Operators with a question mark, typed as in psql: the error says how to write them, and that works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import ParameterError, SQLSpecError

if TYPE_CHECKING:
    from .sides import Door

NOTE = """(VALUES ('{"new": 1}'::jsonb, 'new', 5)) AS note(tags, tag, id)"""
# A condition with ¤ for the operator's question mark, and the parameters that its author gives.
CONDITIONS: list[tuple[str, Any]] = [
    ("tags ¤ 'new'", None),
    ("tags ¤ 'new'", ()),
    ("tags ¤ 'new' AND id > :least", {"least": 3}),
    ("tags ¤ 'new' AND id > ?", (3,)),
    ("tags ¤ ?::text", ("new",)),
    ("tags ¤ :tag::text", {"tag": "new"}),
    ("'{\"new\": 1}'::jsonb ¤ tag", ()),
    ("(tags) ¤ 'new'", None),
    ("tags /* has */ ¤ 'new'", None),
    ("point '(1, 2)' ¤- point '(3, 2)'", None),
    ("point '(1, 2)' ¤| point '(1, 5)'", None),
    ("lseg '((0,0),(1,1))' ¤# box '((0,0),(2,2))'", None),
    ("lseg '((0,0),(1,1))' ¤|| lseg '((1,0),(2,1))'", None),
    ("lseg '((0,0),(0,1))' ¤-| lseg '((0,0),(1,0))'", None),
    ("¤- lseg '((0,0),(1,0))'", None),
    ("tags ¤| ARRAY['new', 'old']", None),
    ("tags ¤& ARRAY['new']", None),
    ("tags @¤ '$.new'", None),
    # As many parameters as marks: the server is the one that refuses it.
    ("tags ¤ 'new' AND id > ?", ("new", 3)),
]


@pytest.mark.parametrize(("condition", "parameters"), CONDITIONS)
async def test_an_operator_typed_as_in_psql_works_or_is_told_as_double(
    door: Door, condition: str, parameters: Any
) -> None:
    """It fails with ?? in the text of its error, and is right as soon as that is written."""
    sql = f"SELECT id FROM {NOTE} WHERE {condition}"
    failure = ""
    try:
        await door.rows(sql.replace("¤", "?"), parameters)
    except SQLSpecError as error:
        failure = str(error)

    assert failure == "" or "?? 'b'" in failure
    fitting = (3,) if parameters == ("new", 3) else parameters
    assert not failure or await door.rows(sql.replace("¤", "??"), fitting) == [(5,)]


@pytest.mark.parametrize(
    ("condition", "parameters"), [("id = ?", ()), ("id IN (?, ?)", (5,)), ("id = :id", {})]
)
async def test_other_mistakes_say_nothing_of_operators(door: Door, condition: str, parameters: Any) -> None:
    """A placeholder that stands where one can stand was meant as one."""
    with pytest.raises(ParameterError) as caught:
        await door.rows(f"SELECT id FROM {NOTE} WHERE {condition}", parameters)

    assert "??" not in str(caught.value)
