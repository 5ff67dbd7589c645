"""What a schema type is made of: its fields, and which of them go by position.

Libraries are recognised by the marks they leave on their classes; none is imported.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import msgspec

from sqlspec.result.generics import class_of
from sqlspec.result.hints import is_class_variable, qualifier_of, resolved_hints, unresolved

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("Field", "fields_of", "is_named_tuple", "is_pydantic", "is_typed_dict")


class Field(msgspec.Struct, frozen=True):
    """One field of a schema type."""

    name: str
    """What the constructor calls it."""
    keys: tuple[str, ...]
    """The columns it may come from, the best first."""
    hint: Any
    required: bool
    by_keyword: bool = False


def fields_of(schema_type: Any) -> list[Field] | None:
    """The fields in the constructor's order, or None when it is no class with fields; also of `Box[int]`."""
    cls = class_of(schema_type)
    if not isinstance(cls, type):
        return None
    for is_kind, read in _KINDS:
        if is_kind(cls):
            return read(cls, resolved_hints(schema_type) if read is not _of_pydantic else {})
    return None


def is_pydantic(cls: Any) -> bool:
    """A model, or one of pydantic's dataclasses."""
    return isinstance(cls, type) and "__pydantic_validator__" in cls.__dict__


def is_typed_dict(cls: Any) -> bool:
    """A TypedDict of typing or of typing_extensions: their classes have nothing in common but this."""
    return isinstance(cls, type) and dict in cls.__mro__ and hasattr(cls, "__total__")


def is_named_tuple(cls: Any) -> bool:
    """Typed or from `collections.namedtuple`."""
    return isinstance(cls, type) and tuple in cls.__mro__ and hasattr(cls, "_fields")


def _of_struct(cls: Any, hints: dict[str, Any]) -> list[Field]:
    try:
        infos = msgspec.structs.fields(cls)
    except (NameError, TypeError) as exc:
        raise unresolved(cls) from exc
    positional = cls.__match_args__
    taken = {info.encode_name for info in infos}
    return [
        # A renamed field is asked for under its outer name; its own name serves where no other field has it.
        Field(
            info.name,
            (info.encode_name, *({info.name} - taken)),
            hints.get(info.name, info.type),
            info.required,
            info.name not in positional,
        )
        for info in infos
    ]


def _of_dataclass(cls: Any, hints: dict[str, Any]) -> list[Field]:
    missing = sys.modules["dataclasses"].MISSING
    fields = [
        field
        for field in cls.__dataclass_fields__.values()
        if field.init and not is_class_variable(hints[field.name])
    ]
    in_order = _takes(cls.__init__, [field.name for field in fields if not field.kw_only])
    return [
        Field(
            field.name,
            (field.name,),
            hints[field.name],
            field.default is missing and field.default_factory is missing,
            field.kw_only or not in_order,
        )
        for field in fields
    ]


def _takes(constructor: Any, names: list[str]) -> bool:
    """Whether these are its arguments by position; a constructor written by hand has an order of its own."""
    # Not by what a decorator was told: it may have found an `__init__` in the class, and left it alone.
    code = getattr(constructor, "__code__", None)
    return code is not None and list(code.co_varnames[1 : code.co_argcount]) == names


def _of_attrs(cls: Any, hints: dict[str, Any]) -> list[Field]:
    nothing = sys.modules["attr"].NOTHING
    names = {field.name for field in cls.__attrs_attrs__}
    fields = [field for field in cls.__attrs_attrs__ if field.init]
    in_order = _takes(cls.__init__, [field.alias for field in fields if not field.kw_only])
    return [
        # A converter takes what it likes: the annotation speaks of what comes out.
        Field(
            field.alias,
            (field.name, *({field.alias} - names)),
            Any if field.converter else hints.get(field.name, _declared(field)),
            field.default is nothing,
            field.kw_only or not in_order,
        )
        for field in fields
    ]


def _declared(field: Any) -> Any:
    """What `attr.ib(type=…)` says; a class of that kind has no annotations."""
    return Any if field.type is None or isinstance(field.type, str) else field.type


def _of_typed_dict(cls: Any, hints: dict[str, Any]) -> list[Field]:
    # Under `from __future__ import annotations`, __required_keys__ counts NotRequired[...] as required.
    return [
        Field(
            name,
            (name,),
            hint,
            qualifier_of(hint) == "Required" or (name in cls.__required_keys__ and not _may_be_absent(hint)),
        )
        for name, hint in hints.items()
    ]


def _may_be_absent(hint: Any) -> bool:
    while qualifier := qualifier_of(hint):
        if qualifier == "NotRequired":
            return True
        hint = hint.__args__[0]
    return False


def _of_named_tuple(cls: Any, hints: dict[str, Any]) -> list[Field]:
    by_keyword = not _takes(cls.__new__, list(cls._fields))
    return [
        Field(name, (name,), hints.get(name, Any), name not in cls._field_defaults, by_keyword)
        for name in cls._fields
    ]


def _of_pydantic(cls: Any, _hints: dict[str, Any]) -> list[Field]:
    """Names alone: pydantic itself checks the values."""
    validators = cls.__pydantic_decorators__.model_validators.values()
    if any(each.info.mode != "after" for each in validators):
        return []  # it sees the row before the fields do, and may give it other names
    # A dataclass of pydantic's has only the second; a model has it from pydantic 2.10 on.
    fields = cls.model_fields if hasattr(cls, "model_fields") else cls.__pydantic_fields__
    return [_pydantic_field(cls, name, info) for name, info in fields.items()]


def _pydantic_field(cls: Any, name: str, info: Any) -> Field:
    config: dict[str, Any] = getattr(cls, "model_config", None) or getattr(cls, "__pydantic_config__", {})
    by_name = config.get("populate_by_name") or config.get("validate_by_name")
    by_alias = config.get("validate_by_alias") is not False
    keys = _outer_names(info.validation_alias or info.alias or name) if by_alias else (name,)
    return Field(name, (*keys, name) if by_name else keys, Any, info.is_required())


def _outer_names(alias: Any) -> tuple[str, ...]:
    """The columns that an alias of pydantic's looks at: its name, its choices, the begin of its path."""
    if isinstance(alias, str):
        return (alias,)
    if hasattr(alias, "path"):
        return (str(alias.path[0]),)
    return tuple(name for choice in alias.choices for name in _outer_names(choice))


def _is_struct(cls: type) -> bool:
    return issubclass(cls, msgspec.Struct)


def _is_dataclass(cls: type) -> bool:
    return hasattr(cls, "__dataclass_fields__")


def _is_attrs(cls: type) -> bool:
    return hasattr(cls, "__attrs_attrs__")


_KINDS: tuple[tuple[Callable[[type], bool], Callable[[Any, dict[str, Any]], list[Field]]], ...] = (
    (is_pydantic, _of_pydantic),
    (_is_struct, _of_struct),
    (_is_attrs, _of_attrs),
    (_is_dataclass, _of_dataclass),
    (is_typed_dict, _of_typed_dict),
    (is_named_tuple, _of_named_tuple),
)
