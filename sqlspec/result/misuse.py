"""What is looked for where it is not: names of other libraries, and methods of the other side.

Each such name is an attribute of its own that raises and says what to write. A `__getattr__` would slow
down every other attribute. They are put into the classes from outside, so that type checkers know of none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlspec.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("RESULT_NAMES", "hint_at_names", "hint_at_results", "refuse_methods")

RESULT_NAMES = {
    "count": "rowcount",
    "data": "all()",
    "description": "columns",
    "df": "pandas()",
    "fetch": "all()",
    "fetch_all": "all()",
    "fetch_arrow_table": "arrow()",
    "fetch_one": "first()",
    "fetchall": "all()",
    "fetchdf": "pandas()",
    "fetchmany": "all()",
    "fetchone": "first()",
    "fetchval": "scalar()",
    "get_data": "all()",
    "get_first": "first()",
    "inserted_primary_key": "lastrowid",
    "keys": "columns",
    "last_inserted_id": "lastrowid",
    "mappings": "all()",
    "pl": "polars()",
    "rows": "all()",
    "rows_affected": "rowcount",
    "scalar_one": "scalar()",
    "scalar_one_or_none": "scalar_or_none()",
    "to_arrow": "arrow()",
    "to_dict": "all()",
    "to_dicts": "all()",
    "to_pandas": "pandas()",
    "to_polars": "polars()",
}
"""What other libraries call what a result has -> what it is called here."""


class _Misnomer:
    """A name that is not there: `AttributeError`, so that `hasattr` and a default are as ever."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __get__(self, instance: object, owner: type) -> Any:
        raise AttributeError(self._text)

    def __repr__(self) -> str:
        """As `help` of the class shows it."""
        return f"<{self._text}>"


def hint_at_names(cls: type, texts: Mapping[str, str]) -> None:
    """Have *cls* say these texts for names that it does not have; a subclass may have them."""
    for name, text in texts.items():
        setattr(cls, name, _Misnomer(text))

    def names(self: object) -> list[str]:
        """The attributes that are there."""
        return [name for name in object.__dir__(self) if name not in texts or hasattr(self, name)]

    cls.__dir__ = names  # type: ignore[method-assign, assignment]


def refuse_methods(cls: type, names: tuple[str, ...], text: str) -> None:
    """Have *cls* raise `InvalidArgumentError` where Python itself calls one of these methods."""

    def refused(*_: object) -> Any:
        """Raise."""
        raise InvalidArgumentError(text)

    for name in names:
        setattr(cls, name, refused)


def hint_at_results(cls: type) -> None:
    """What results say."""
    hint_at_names(
        cls, {name: f"a result has no {name}: write `result.{ours}`" for name, ours in RESULT_NAMES.items()}
    )
