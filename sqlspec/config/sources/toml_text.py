"""TOML as data with places: what `tomllib` reads, and the positions that it forgets."""

from __future__ import annotations

import re

from sqlspec.config.sources.parsed import Parsed, UnreadableError, line_and_column
from sqlspec.config.sources.toml_positions import check_size, positions

_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)$")
# What tomllib says, by the beginnings that hold nothing of the file, and what we say.
_REASONS = {
    "Cannot overwrite a value": "the key is there already",
    "Duplicate inline table key": "the key is there already",
    "Cannot declare": "the table is there already",
    "Cannot define": "the table is there already",
    "Cannot mutate immutable namespace": "the table is closed already",
    "Expected '=' after a key": "expected = after a key",
    "Expected newline or end of document": "one entry for each line; a text stands in quotes",
    "Expected ']": "expected ] at the end of a table's name",
    "Invalid date": "no such date or time",
    "Invalid hex value": "no such character; \\u is followed by four hexadecimal digits",
    "Invalid initial character": "no TOML key; letters other than A to Z stand in quotes",
    "Invalid statement": "expected a key or a table's name; letters other than A to Z stand in quotes",
    "Invalid value": "no TOML value; a text stands in quotes",
    "Escaped character is not": "no such character",
    "Found invalid character": "a control character",
    "Illegal character": "a text does not end on its line, or holds a control character",
    "Unescaped '\\'": "no such escape after \\; in single quotes it is a plain sign",
    "Unterminated string": "a text does not end",
    "Unclosed": "a bracket does not close",
}


def parse(text: str) -> Parsed:
    """The data of a TOML text. Raises UnreadableError."""
    import tomllib

    check_size(text)
    try:
        tables = tomllib.loads(text)
    except ValueError as exc:
        # Text and place only: the exception itself may hold the whole document.
        said = str(exc)
    else:
        return Parsed(tables, positions(text))
    raise UnreadableError(f"not TOML: {_reason(said)}", *_place(said, text))


def _reason(said: str) -> str:
    return next(
        (reason for start, reason in _REASONS.items() if said.startswith(start)), "can not be understood"
    )


def _place(said: str, text: str) -> tuple[int, int] | tuple[None, None]:
    match = _PLACE.search(said)
    if match:
        return int(match[1]), int(match[2])
    return line_and_column(text, len(text)) if said.endswith("(at end of document)") else (None, None)
