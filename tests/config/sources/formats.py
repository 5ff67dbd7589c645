"""One document in three formats."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAMES = ("database.toml", "database.yaml", "database.json")


def dumped(document: Mapping[str, Any], name: str) -> str:
    """The document in the format that the file's name tells."""
    if name.endswith(".toml"):
        return "\n".join(_toml(document, ()))
    return yaml.safe_dump(document) if name.endswith(".yaml") else json.dumps(document)


def _toml(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    if path:
        yield f"[{'.'.join(map(json.dumps, path))}]"
    for name, value in table.items():
        if not isinstance(value, dict):
            yield f"{json.dumps(name)} = {json.dumps(value)}"
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _toml(value, (*path, name))
