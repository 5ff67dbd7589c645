"""A compiled text, and the check that its parameters fit.

One class for each way parameters travel, so that `bind` decides nothing but whether they fit. The first
line of every `bind` is the common case; what follows it is slower and says what is wrong. No error holds
a value: only numbers, types and names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias, TypeGuard, cast

from msgspec import Struct
from typing_extensions import override

from sqlspec.errors import ParameterError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec.arguments import Parameters

Style: TypeAlias = Literal["none", "qmark", "named", "native"]
Native: TypeAlias = "Sequence[object] | Mapping[str, object]"

_TEXTS = (str, bytes, bytearray, memoryview)


class Statement(Struct, frozen=True, gc=False):
    """One text, ready for the driver. Immutable; this class itself is for texts that take nothing.

    `style` says how the text was written: `"qmark"`, `"named"`, the driver's own (`"native"`), or with no
    placeholder at all (`"none"`). `count` is how many parameters the driver's text takes. `names` holds each
    name once, in order of appearance.
    """

    sql: str
    text: str
    style: Style
    count: int
    names: tuple[str, ...]
    verb: str

    is_positional: ClassVar[bool] = False
    """A tuple of `count` values goes to the driver as it is."""

    def bind(self, parameters: Parameters) -> Native | None:
        """The parameters as the driver takes them, None for a statement without any.

        ParameterError if they do not fit: too many, too few, misnamed, or not what the style wants.
        """
        if parameters is None or _is_empty(parameters):
            return None
        raise ParameterError(_no_placeholder(parameters))

    def bind_many(self, rows: Iterable[Parameters]) -> Sequence[Native]:
        """Every row as `bind` would have it, all checked before the first can be sent.

        ParameterError names the row, counted from 1.
        """
        return bind_each(self._bind_row, listed_rows(rows, self), self)

    def _bind_row(self, row: Parameters) -> Native:
        bound = self.bind(row)
        return () if bound is None else bound


class Positional(Statement, frozen=True, gc=False):
    """Written with `?`: a sequence in, a tuple out."""

    is_positional: ClassVar[bool] = True

    @override
    def bind(self, parameters: Parameters) -> Native | None:
        # A cast would cost as much as the rest, and pyright knows no tuple without one.
        if type(parameters) is tuple and len(parameters) == self.count:  # pyright: ignore[reportUnknownArgumentType]
            return parameters  # pyright: ignore[reportUnknownVariableType]
        return self._checked(parameters)  # pyright: ignore[reportUnknownArgumentType]

    @override
    def bind_many(self, rows: Iterable[Parameters]) -> Sequence[Native]:
        listed = listed_rows(rows, self)
        if set(map(type, listed)) <= {tuple}:
            tuples = cast("Sequence[tuple[object, ...]]", listed)
            if set(map(len, tuples)) <= {self.count}:
                return tuples
        return bind_each(self._checked, listed, self)

    def _checked(self, parameters: object) -> tuple[object, ...]:
        if not _is_sequence(parameters):
            raise ParameterError(_not_a_sequence(parameters, self.count))
        given = tuple(parameters)
        if len(given) != self.count:
            raise ParameterError(f"the statement takes {_plural(self.count)}, {len(given)} given")
        return given


class Numbered(Positional, frozen=True, gc=False):
    """Written with `?` for a driver that knows only names: a sequence in, a dict of `p1`, `p2`, … out."""

    is_positional: ClassVar[bool] = False

    @override
    def bind(self, parameters: Parameters) -> Native | None:
        return {f"p{number}": value for number, value in enumerate(self._checked(parameters), 1)}

    @override
    def bind_many(self, rows: Iterable[Parameters]) -> Sequence[Native]:
        return bind_each(self._bind_row, listed_rows(rows, self), self)


class Named(Statement, frozen=True, gc=False):
    """Written with `:name` for a driver that takes mappings: the mapping goes through as it is."""

    @override
    def bind(self, parameters: Parameters) -> Native | None:
        return self._checked(parameters)

    def _checked(self, parameters: object) -> Mapping[str, object]:
        if not _is_mapping(parameters):
            raise ParameterError(_not_a_mapping(parameters, self.names))
        if set(parameters) != set(self.names):
            raise ParameterError(_misnamed(parameters, self.names))
        return parameters


class Ordered(Named, frozen=True, gc=False):
    """Written with `:name` for a driver that counts: a mapping in, a tuple out, in the order of `order`."""

    order: tuple[str, ...]

    @override
    def bind(self, parameters: Parameters) -> Native | None:
        if type(parameters) is dict and len(parameters) == len(self.names):  # pyright: ignore[reportUnknownArgumentType]
            try:
                return self._in_order(parameters)  # pyright: ignore[reportUnknownArgumentType]
            except KeyError:
                pass  # _checked says which
        return self._in_order(self._checked(parameters))  # pyright: ignore[reportUnknownArgumentType]

    def _in_order(self, parameters: Mapping[str, object]) -> tuple[object, ...]:
        return tuple([parameters[name] for name in self.order])


class NativePositional(Positional, frozen=True, gc=False):
    """Written with the driver's own `$1`, `?1` or `%s`: a sequence in, the sequence out."""

    @override
    def bind(self, parameters: Parameters) -> Native | None:
        if parameters is None or _is_empty(parameters):
            return None  # as in PREPARE, whose values come later, or a %s that is a modulo
        return super().bind(parameters)


class NativeNamed(Named, frozen=True, gc=False):
    """Written with the driver's own names, such as `$name` or `%(name)s`: the mapping goes through as it is.

    SQLite would take a sequence, too, and count the names by where they stand first: `$2, $1` would get the
    two values swapped.
    """

    marks: tuple[str, ...]

    @override
    def bind(self, parameters: Parameters) -> Native | None:
        if parameters is None or _is_empty(parameters):
            return None
        return self._checked(parameters)

    @override
    def _checked(self, parameters: object) -> Mapping[str, object]:
        if not _is_mapping(parameters):
            raise ParameterError(
                f"the statement takes a mapping with {', '.join(self.marks)}, not {_kind(parameters)}; "
                "for values by position write ? for each"
            )
        return super()._checked(parameters)


def bind_each(
    bind: Callable[[Parameters], Native], rows: Sequence[Parameters], statement: Statement
) -> list[Native]:
    """Every row as *bind* has it; ParameterError names the row that does not fit."""
    bound: list[Native] = []
    try:
        for row in rows:
            bound.append(bind(row))  # noqa: PERF401 - its length is the number of the row that fails
    except ParameterError as exc:
        if not bound and statement.style != "none" and not (_is_sequence(rows[0]) or _is_mapping(rows[0])):
            raise ParameterError(f"execute_many() takes a list of rows; {_for_one_row(statement)}") from None
        raise ParameterError(f"row {len(bound) + 1}: {exc}") from None
    return bound


def _for_one_row(statement: Statement) -> str:
    """What to write where values were given for rows."""
    if statement.count == 1 and isinstance(statement, Positional):
        return "for one row call execute(), for several write [(…,), (…,)]"
    return f"for one row call execute(), or write {'[{…}]' if isinstance(statement, Named) else '[(…)]'}"


def listed_rows(rows: object, statement: Statement) -> Sequence[Parameters]:
    """Lists and tuples as they are; anything else that can be walked is read once, to the end."""
    if isinstance(rows, (list, tuple)):
        return cast("Sequence[Parameters]", rows)
    if not _is_iterable(rows):
        hint = "" if rows is None or statement.style == "none" else f"; {_for_one_row(statement)}"
        raise ParameterError(f"rows are an iterable of parameters, not {_kind(rows)}{hint}")
    return list(rows)


def _is_iterable(rows: object) -> TypeGuard[Iterable[Parameters]]:
    return isinstance(rows, Iterable) and not isinstance(rows, (*_TEXTS, Mapping))


def _is_sequence(parameters: object) -> TypeGuard[Sequence[object]]:
    # Tuples and lists are asked for first: an abstract class takes ten times as long to answer.
    if isinstance(parameters, (tuple, list)):
        return True
    return isinstance(parameters, Sequence) and not isinstance(parameters, _TEXTS)


def _is_mapping(parameters: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(parameters, Mapping)


def _is_empty(parameters: object) -> bool:
    return isinstance(parameters, (tuple, list, Mapping)) and not parameters


def _no_placeholder(parameters: object) -> str:
    given = _kind(parameters)
    if _is_mapping(parameters) or _is_sequence(parameters):
        given = str(len(parameters))
    return f"the statement takes no parameters, {given} given"


def _not_a_sequence(parameters: object, count: int) -> str:
    if parameters is None:
        return f"the statement takes {_plural(count)}, none given"
    if _is_mapping(parameters):
        return f"the statement takes {_plural(count)} by position: pass a sequence, or write :name for each ?"
    return f"parameters are a sequence, not {_kind(parameters)}; for a single value write (value,)"


def _not_a_mapping(parameters: object, names: tuple[str, ...]) -> str:
    given = "none given" if parameters is None else f"not {_kind(parameters)}"
    return f"the statement takes a mapping with {_listing(names)}, {given}"


def _misnamed(parameters: Mapping[str, object], names: tuple[str, ...]) -> str:
    given = _strings(parameters)
    missing = [name for name in names if name not in parameters]
    extra = [name for name in given if name not in names]
    complaints: list[str] = []
    if missing:
        complaints.append(f"missing: {_listing(missing)}")
    if extra:
        complaints.append(f"not in the statement: {_listing(extra)}")
    if len(given) < len(parameters):
        complaints.append("the names of parameters are strings")
    hint = _hint(missing, extra, names)
    return f"the parameters do not fit the statement; {'; '.join(complaints)}{hint and f'. {hint}'}"


def _hint(missing: list[str], extra: list[str], names: tuple[str, ...]) -> str:
    if missing and extra:
        hint = did_you_mean(extra[0], missing)
        return hint if hint.startswith("Did") else ""  # what is missing was said
    if extra:
        return did_you_mean(extra[0], names, otherwise="It takes")
    return f"It takes: {_listing(names)}."


def _strings(names: Iterable[object]) -> list[str]:
    return [name for name in names if isinstance(name, str)]


def _listing(names: Iterable[str]) -> str:
    return ", ".join(f":{name}" for name in names)


def _plural(count: int) -> str:
    return f"{count} parameter{'' if count == 1 else 's'}"


def _kind(value: object) -> str:
    return f"a value of type {type(value).__name__}"
