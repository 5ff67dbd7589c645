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
_MAX_LENGTH = 1 << 20


def interpolate(value: Any, environ: Mapping[str, Any], *, in_url: bool = False) -> Any:
    """*value* with its variables filled in, those in lists and tables too. Raises InvalidConfigError."""
    if isinstance(value, str):
        return _filled(value, environ, in_url=in_url) if "$" in value else value
    if isinstance(value, list):
        items: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
        return [interpolate(item, environ) for item in items]
    if isinstance(value, dict):
        table = cast("dict[str, Any]", value)
        return {name: interpolate(item, environ) for name, item in table.items()}
    return value


def _filled(text: str, environ: Mapping[str, Any], *, in_url: bool) -> str:
    escaped = in_url and _DOLLAR.fullmatch(text) is None
    parts: list[str] = []
    end = length = 0
    for match in _DOLLAR.finditer(text):
        value = "$" if match["dollar"] else _variable(match, environ)
        parts += [text[end : match.start()], quote(value) if escaped and not match["dollar"] else value]
        end = match.end()
        length += len(parts[-1])
        # A large variable that is named very often would take all of the memory.
        if length > _MAX_LENGTH:
            raise InvalidConfigError(f"longer than {_MAX_LENGTH} characters with its variables filled in")
    return Text("".join([*parts, text[end:]]))


def _variable(match: re.Match[str], environ: Mapping[str, Any]) -> str:
    name, default = match["name"], match["default"]
    if name is None:
        raise InvalidConfigError("a lone $; write ${NAME} for a variable and $$ for a dollar sign")
    value = environ.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidConfigError(f"the environment variable {name} is no text but {type(value).__name__}")
    if default is not None:
        return value or default
    if value is None:
        # An example with the variable's own name: the braces make it ready to copy.
        hint = f"set it, or write ${{{name}:-default}}"
        raise InvalidConfigError(f"the environment variable {name} is not set; {hint}")
    return value
