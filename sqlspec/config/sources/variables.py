"""How a variable's name is read as an option. Names alone: nothing here looks at the environment."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple, get_origin

from sqlspec.config.convert import fields_of
from sqlspec.config.faults import nested, options_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlspec.config.sources.source import Path
    from sqlspec.config.struct import ConfigStruct

_DEEPER = "__"
_FILE = "_FILE"
_NAME = re.compile(r"[^\W_]+(?:_[^\W_]+)*")
DECLARING = ("URL", "ADAPTER", "URL_FILE")
"""The options that make a name the name of a database."""

# What Kubernetes and Docker set for a service, by shape: NAME_SERVICE_HOST, NAME_SERVICE_PORT_HTTP,
# NAME_PORT_5432_TCP_ADDR, and Docker's NAME_ENV_LANG. NAME_PORT, and Docker's NAME_NAME, are told by their
# value.
_INJECTED = re.compile(
    r"(?:.+_)?(?:SERVICE_(?:HOST|PORT(?:_\w+)?)|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR|START|END))?"
    r"|ENV_\w+)"
)
_INJECTED_PORT = re.compile(r"(?:tcp|udp|sctp)://\S*")
_INJECTED_NAME = re.compile(r"/\S+/\S+")


class Option(NamedTuple):
    """An option by its path, and whether the variable holds the name of a file that has the value."""

    path: Path
    in_file: bool = False


def option(cls: type[ConfigStruct], text: str) -> Option | None:
    """The option of *cls* that is written as *text*, such as `POOL_SIZE` or `PASSWORD_FILE`."""
    if path := _path(cls, text):
        return Option(path)
    path = _path(cls, text.removesuffix(_FILE)) if text.endswith(_FILE) else None
    return Option(path, in_file=True) if path else None


def options(cls: type[ConfigStruct]) -> Iterator[str]:
    """Every option of *cls* as it is written in a variable's name."""
    yield "ADAPTER"
    for name in options_of(cls):
        inner = nested(fields_of(cls)[name].type)
        if inner is None:
            yield name.upper()
        else:
            yield from (f"{name.upper()}{_DEEPER}{below}" for below in options(inner) if below != "ADAPTER")


def stem(text: str) -> str:
    """What is left of a variable's name without the ending that says that a file has the value."""
    return text.removesuffix(_FILE)


def nearest(text: str, known: Iterable[str], ours: str | None = None) -> str | None:
    """What *text* is a near miss of; *ours* is the option that others call so."""
    ending = text.removeprefix(stem(text))  # a file's name must not be set as the secret that is in it
    found = [ours.upper()] if ours else get_close_matches(stem(text), list(known), n=1)
    return f"{found[0]}{ending}" if found else None


def is_injected(text: str, value: str) -> bool:
    """Whether this, without the prefix, is what orchestrators tell of a service."""
    is_link = text.rpartition("_")[2] == "NAME" and _INJECTED_NAME.fullmatch(value) is not None
    return is_link or _INJECTED.fullmatch(text) is not None


def is_injected_port(text: str, value: str) -> bool:
    """Whether this is the address of a service, `tcp://10.0.0.1:5432`, and not a port's number."""
    return text.rpartition("_")[2] == "PORT" and _INJECTED_PORT.fullmatch(value) is not None


def declared(text: str) -> str | None:
    """The database's name, if this variable is one that declares it."""
    for ending in DECLARING:
        name = text.removesuffix(f"_{ending}")
        if name != text and is_name(name):
            return name
    return None


def is_name(text: str) -> bool:
    """Whether a database can be called so here: words of letters and digits, with one `_` between them."""
    return _NAME.fullmatch(text) is not None and text == text.upper()


def _path(cls: type[ConfigStruct], text: str) -> Path | None:
    if text == "ADAPTER":
        return ("adapter",)
    name, _, below = text.lower().partition(_DEEPER)
    # Those that only code may set are read too, to be refused by name and not to be ignored.
    field = fields_of(cls).get(name)
    if field is None:
        return None
    wanted: Any = field.type
    inner = nested(wanted)
    if inner is not None:
        deeper = _path(inner, below.upper()) if below and below != "adapter" else None
        return (name, *deeper) if deeper else None
    if not below:
        return (name,)
    return (name, below) if is_table(wanted) else None


def is_table(wanted: Any) -> bool:
    """Whether a field holds names and values that are not the config's own."""
    origin = get_origin(wanted)
    return isinstance(origin, type) and hasattr(origin, "keys")
