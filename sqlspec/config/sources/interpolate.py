"""Environment variables in a file's values: `${NAME}`, `${NAME:-default}`, and `$$` for a dollar sign.

One pass: what a variable holds is never looked at again. In a `url` it is percent-encoded, so that no
password can reach into the host, unless the variable is the whole URL.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from sqlspec.config.convert import Text
from sqlspec.config.url import quote
from sqlspec.errors import InvalidConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

# The last branch is a dollar sign that begins nothing: refused, since it may be a misspelt variable.
_DOLLAR = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}|)")


def interpolate(value: Any, environ: Mapping[str, str], *, key: str) -> Any:
    """*value* with its variables filled in. *key* is its dotted name, for errors and to know a URL."""
    if isinstance(value, str):
        return _filled(value, environ, key) if "$" in value else value
    if isinstance(value, list):
        items: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
        return [interpolate(item, environ, key=key) for item in items]
    if isinstance(value, dict):
        table = cast("dict[str, Any]", value)
        return {name: interpolate(item, environ, key=f"{key}.{name}") for name, item in table.items()}
    return value


def _filled(text: str, environ: Mapping[str, str], key: str) -> str:
    whole = _DOLLAR.fullmatch(text)
    escaped = key.rpartition(".")[2] == "url" and whole is None

    def fill(match: re.Match[str]) -> str:
        if match["dollar"]:
            return "$"
        value = _variable(match, environ, key)
        return quote(value) if escaped else value

    return Text(_DOLLAR.sub(fill, text))


def _variable(match: re.Match[str], environ: Mapping[str, str], key: str) -> str:
    name, default = match["name"], match["default"]
    if name is None:
        raise InvalidConfigError("a lone $; write ${NAME} for a variable and $$ for a dollar sign", key=key)
    value = environ.get(name)
    if default is not None:
        return value or default
    if value is None:
        # An example with the variable's own name: the braces make it ready to copy.
        hint = f"set it, or write ${{{name}:-default}}"
        raise InvalidConfigError(f"the environment variable {name} is not set; {hint}", key=key)
    return value
