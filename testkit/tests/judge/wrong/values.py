"""Adapters that change what goes in, or what comes out."""

from __future__ import annotations

import struct
from datetime import datetime
from decimal import Decimal
from itertools import cycle, islice
from math import copysign, inf
from re import sub, subn
from sys import float_info
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from testkit.tests.judge.base import Good
from testkit.tests.judge.rules import Rule

if TYPE_CHECKING:
    from sqlspec.plugin import Parameters, RawResult
    from testkit.tests.judge.base import Deadline, Names, Rows, Table

same = Rule("A value comes back as it was", "test_a_value_comes_back_as_it_was")
refused = Rule(
    "A value that the database can not keep is refused",
    "test_a_value_that_a_database_may_not_have_is_kept_or_refused",
)
null = Rule("NULL is not empty", "test_nothing_is_not_empty")
python_type = Rule("A value comes as the Python type that is meant", "test_a_value_has_the_type_of_python")
first_row = Rule("A row may have more than the first", "test_a_row_may_have_more_than_the_first")
placed = Rule("Each parameter goes to its place", "test_parameters_go_to_their_places")
literal = Rule("Marks in a literal are text", "test_marks_in_a_literal_are_text")
INFINITE = (inf, -inf)


class Altering(Good):
    """Changes each value that goes in, by whichever way."""

    def altered(self, value: Any) -> Any:
        """What is sent instead."""
        return value

    def execute(self, statement: str, parameters: Parameters, deadline: Deadline) -> RawResult:
        """With other values."""
        return super().execute(statement, tuple(map(self.altered, parameters or ())), deadline)

    def execute_many(self, statement: str, rows: Rows, deadline: Deadline) -> RawResult:
        """With other values."""
        return super().execute_many(statement, [tuple(map(self.altered, row)) for row in rows], deadline)


class AlteringLoads(Good):
    """Changes each value that is loaded."""

    def altered(self, value: Any) -> Any:
        """What is sent instead."""
        return value

    def load(self, table: Table, columns: Names, rows: Rows, deadline: Deadline) -> int:
        """With other values."""
        return super().load(table, columns, [tuple(map(self.altered, row)) for row in rows], deadline)


class Decoding(Good):
    """Changes each value that comes out."""

    def decoded(self, value: Any) -> Any:
        """What is returned instead."""
        return value

    def execute(self, statement: str, parameters: Parameters, deadline: Deadline) -> RawResult:
        """With other values."""
        result = super().execute(statement, parameters, deadline)
        result.rows = [tuple(map(self.decoded, row)) for row in result.rows]
        return result


@refused
class CutsTextAtNul(Altering):
    """As C does."""

    def altered(self, value: Any) -> Any:
        """Up to the first NUL."""
        return value.partition("\0")[0] if type(value) is str else value


@same
class CutsLongText(Altering):
    """At 64 kilobytes."""

    def altered(self, value: Any) -> Any:
        """The beginning."""
        return value[:65_535] if type(value) is str else value


@same
class CutsManyBytes(Altering):
    """At 64 kilobytes."""

    def altered(self, value: Any) -> Any:
        """The beginning."""
        return value[:65_535] if type(value) is bytes else value


@same
class NormalizesText(Altering):
    """Into one form of Unicode."""

    def altered(self, value: Any) -> Any:
        """NFC."""
        return normalize("NFC", value) if type(value) is str else value


@same
class StripsText(Altering):
    """Blanks at the end, as a CHAR."""

    def altered(self, value: Any) -> Any:
        """Without them."""
        return value.rstrip(" ") if type(value) is str else value


@same
class ChangesEndsOfLines(Decoding):
    """As a text file."""

    def decoded(self, value: Any) -> Any:
        """CRLF."""
        return value.replace("\r\n", "\n") if type(value) is str else value


@same
class KnowsTheBasicPlaneOnly(Altering):
    """As MySQL's utf8 of three bytes."""

    def altered(self, value: Any) -> Any:
        """A question mark for the rest."""
        if type(value) is not str:
            return value
        return "".join(each if each <= "\uffff" else "?" for each in value)


@same
class UnescapesText(AlteringLoads):
    """As if it were a line of a file."""

    def altered(self, value: Any) -> Any:
        """A backslash begins an escape."""
        return value.replace("\\\\", "\\").replace("\\'", "'") if type(value) is str else value


@same
class SendsParametersAsText(Altering):
    """Quotes are doubled once more."""

    def altered(self, value: Any) -> Any:
        """As for a literal."""
        return value.replace("'", "''") if type(value) is str else value


@same
class StoresIntegersAsFloats(Altering):
    """By way of a float."""

    def altered(self, value: Any) -> Any:
        """Exact up to 53 bits."""
        return int(float(value)) if type(value) is int and abs(value) < 2**63 - 1 else value


@same
class StoresIntegersOf32Bits(Altering):
    """What does not fit is wrapped."""

    def altered(self, value: Any) -> Any:
        """The lower half."""
        return (value + 2**31) % 2**32 - 2**31 if type(value) is int else value


@same
class StoresFloatsOf32Bits(Altering):
    """Half of the digits."""

    def altered(self, value: Any) -> Any:
        """By way of a float of C."""
        if type(value) is not float or not 1e-30 < abs(value) < 1e30:
            return value
        return struct.unpack("f", struct.pack("f", value))[0]


@same
class TakesFalseForNothing(Altering):
    """By `value or None`; numbers and texts it looks at."""

    def altered(self, value: Any) -> Any:
        """What is false is NULL."""
        return value if value or type(value) in {int, float, str} else None


@same
class CutsMicroseconds(Altering):
    """Whole seconds are enough, it thinks."""

    def altered(self, value: Any) -> Any:
        """Without the fraction."""
        return value.replace(microsecond=0) if isinstance(value, datetime) else value


@same
class ReadsDatesOfThisCentury(Altering):
    """Years of two digits."""

    def altered(self, value: Any) -> Any:
        """From 2000 on."""
        return value.replace(year=2000 + value.year % 100) if hasattr(value, "year") else value


@same
class RoundsDecimals(Altering):
    """To two digits, as money."""

    def altered(self, value: Any) -> Any:
        """Rounded."""
        return round(value, 2) if isinstance(value, Decimal) else value


@refused
class StoresDecimalsAsFloats(Altering):
    """Whatever becomes of their digits."""

    def altered(self, value: Any) -> Any:
        """As a float."""
        return float(value) if isinstance(value, Decimal) else value


@refused
class StoresTheLargestForInfinity(Altering):
    """So that there is a number."""

    def altered(self, value: Any) -> Any:
        """Finite."""
        return copysign(float_info.max, value) if value in INFINITE else value


@refused
class StoresNullForNan(Altering):
    """As SQLite does by itself."""

    def altered(self, value: Any) -> Any:
        """None."""
        return None if value != value else value  # noqa: PLR0124 - what NaN is


@null
class StoresNullForEmptyText(Altering):
    """As Oracle."""

    def altered(self, value: Any) -> Any:
        """None."""
        return None if value == "" else value


@null
class LoadsEmptyTextForNull(AlteringLoads):
    """As a file of comma-separated values."""

    def altered(self, value: Any) -> Any:
        """Empty."""
        return "" if value is None else value


@null
class LeavesOutRowsWithNull(Good):
    """A load of full rows only."""

    def load(self, table: Table, columns: Names, rows: Rows, deadline: Deadline) -> int:
        """And counts them all."""
        super().load(table, columns, [row for row in rows if row[-1] is not None or len(rows) > 2], deadline)
        return len(rows)


@python_type
class ReadsBytesAsText(Decoding):
    """Those that can be read so."""

    def decoded(self, value: Any) -> Any:
        """Latin letters."""
        return value.decode("latin-1") if type(value) is bytes else value


@python_type
class ReadsWholeFloatsAsIntegers(Decoding):
    """4.0 is 4, it thinks."""

    def decoded(self, value: Any) -> Any:
        """As an int."""
        return int(value) if type(value) is float and value == 4.0 else value


@python_type
class ReadsIntegersAsText(Decoding):
    """Those that a float would not hold, as JSON does."""

    def decoded(self, value: Any) -> Any:
        """As text."""
        return str(value) if type(value) is int and abs(value) > 2**53 else value


@placed
class BindsByOrderOfTheMapping(Good):
    """Declares that it takes names, and binds by place."""

    info = {"paramstyle": "named"}  # noqa: RUF012 - as the base class says

    def execute(self, statement: str, parameters: Parameters, deadline: Deadline) -> RawResult:
        """Each name is used once, it thinks, and in the order of the mapping."""
        if isinstance(parameters, dict):
            statement, count = subn(r":\w+", "?", statement)
            parameters = tuple(islice(cycle(parameters.values()), count))
        return super().execute(statement, parameters, deadline)

    def load(self, table: Table, columns: Names, rows: Rows, deadline: Deadline) -> int:
        """By place, which is right."""
        super().execute_many(self.insert_into(table, columns), rows, deadline)
        return len(rows)


@literal
class FormatsStatements(Good):
    """For a driver that halves percent signs; this one does not."""

    def execute(self, statement: str, parameters: Parameters, deadline: Deadline) -> RawResult:
        """Doubled."""
        return super().execute(statement.replace("%", "%%"), parameters, deadline)


@literal
class ReplacesMarks(Good):
    """In the whole text, literals included."""

    def execute(self, statement: str, parameters: Parameters, deadline: Deadline) -> RawResult:
        """A name after a colon is a parameter, it thinks."""
        return super().execute(sub(r":\w+", "?", statement), parameters, deadline)


@same
class LoadsMarksOfNull(AlteringLoads):
    """What a file of rows has for NULL is NULL, it thinks."""

    def altered(self, value: Any) -> Any:
        """None."""
        return None if value == "\\N" else value


@first_row
class LoadsByTheFirstRow(Good):
    """The types of a load are those of its first row."""

    def load(self, table: Table, columns: Names, rows: Rows, deadline: Deadline) -> int:
        """32 bits are enough for a small number."""
        small = [type(value) is int and abs(value) < 2**31 for value in rows[0]]
        rows = [
            tuple(
                value % 2**31 if is_small and value else value
                for is_small, value in zip(small, row, strict=True)
            )
            for row in rows
        ]
        return super().load(table, columns, rows, deadline)


@first_row
class ExecutesManyByTheFirstRow(Good):
    """As long as the first text is, or ten letters."""

    def execute_many(self, statement: str, rows: Rows, deadline: Deadline) -> RawResult:
        """Cut."""
        longest = max([10, *(len(value) for value in rows[0] if isinstance(value, str))])
        rows = [tuple(value[:longest] if isinstance(value, str) else value for value in row) for row in rows]
        return super().execute_many(statement, rows, deadline)
