"""What the elements of a list may be together: all of them have one type in DuckDB.

The driver finds a type for any mixture, and changes in silence what does not fit it: numbers become text,
long integers floats, decimals lose their last digits, times their zones. At any depth.
"""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Any

from sqlspec.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("DIGITS", "check_alike")

DIGITS = 38
"""How many a DECIMAL has at most."""
_NUMBERS = frozenset({int, float, Decimal})


def check_alike(values: Iterable[Any]) -> None:
    """Raise `ParameterError` if the driver would change one of *values* in a list of them."""
    given = [value for value in values if value is not None]
    kinds = set(map(type, given))
    if kinds <= _NUMBERS:
        _check_numbers(given, kinds)
    elif kinds == {list}:
        check_alike(chain.from_iterable(given))
    elif kinds == {dict}:
        for name in dict.fromkeys(chain.from_iterable(given)):
            check_alike(one[name] for one in given if name in one)
    elif len(set(map(_family, given))) > 1:
        msg = (
            "a list's elements are of one type in DuckDB, and the driver would change some of these; make "
            "them one type, or pass the list as JSON text"
        )
        raise ParameterError(msg)


def _family(value: Any) -> Any:
    """The same for values that are of one type in DuckDB."""
    for kind in (datetime, time):
        if isinstance(value, kind):
            return kind, value.tzinfo is None
    return type(value)


def _check_numbers(given: list[Any], kinds: set[type]) -> None:
    if kinds == {int, float} and any(float(value) != value for value in given):  # an infinity is itself
        msg = "an int in a list with floats is too large for a float; the driver would round it"
        raise ParameterError(msg)
    if Decimal not in kinds:
        return
    if float in kinds:
        msg = "a list has Decimals and floats, and the driver would make floats of all; pass one of the two"
        raise ParameterError(msg)
    if max(map(_whole_digits, given)) + max(map(_decimal_digits, given)) > DIGITS:
        msg = f"the Decimals of a list need more than {DIGITS} digits together; the driver would round some"
        raise ParameterError(msg)


def _whole_digits(value: Any) -> int:
    """Before the point, as the driver counts them for the type."""
    if type(value) is int:
        return 10 if -(2**31) <= value < 2**31 else 19 if -(2**63) <= value < 2**63 else DIGITS
    digits = len(value.as_tuple().digits)
    places = _decimal_digits(value)
    # The zero before the point is counted if another follows it.
    return digits - places if digits >= places else 1


def _decimal_digits(value: Any) -> int:
    exponent: int = 0 if type(value) is int else value.as_tuple().exponent
    return max(-exponent, 0)
