"""Values as they are typed, and parameters made of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from sqlspec.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("parameters_of", "value_of")

_NAMED = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_JSON = re.compile(r'-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?|true|false|null|".*"', re.DOTALL)


def value_of(text: str) -> Any:
    """A number, true, false, null or a text in double quotes as in JSON; all else is the text as it is."""
    if not _JSON.fullmatch(text):
        return text
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:  # a text that begins and ends with a quote
        return text


def parameters_of(sql: str, given: Sequence[str]) -> tuple[Any, ...] | dict[str, Any] | None:
    """Parameters: by name if all are typed `NAME=VALUE` and the statement has `:NAME`, else in order."""
    if not given:
        return None
    named = [_NAMED.fullmatch(text) for text in given]
    pairs = [(match[1], match[2]) for match in named if match is not None]
    if len(pairs) < len(given) or not all(re.search(rf":{name}\b", sql) for name, _ in pairs):
        return tuple(map(value_of, given))
    found = {name: value_of(text) for name, text in pairs}
    if len(found) < len(pairs):
        twice = next(name for name, _ in pairs if [one for one, _ in pairs].count(name) > 1)
        raise InvalidArgumentError(f"-p {twice}= is given twice; give each parameter once")
    return found
