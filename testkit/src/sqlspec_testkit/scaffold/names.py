"""Whether a new adapter may have a name, and what its distribution, package and classes are called."""

from __future__ import annotations

import re
from importlib.metadata import entry_points, requires
from importlib.util import find_spec
from typing import NamedTuple

__all__ = ("Names", "Refused", "names_of")

RULE = "small letters and digits, with single hyphens between them; sqlspec- comes by itself"
_NAME = re.compile(r"(?!sqlspec\b)[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_OURS = re.compile(r"sqlspec-([a-z0-9-]+)\b.*\bextra\b")


class Refused(Exception):  # noqa: N818 - no error of the program: the text says what to type instead
    """What was asked for is not done, and nothing is written."""


class Names(NamedTuple):
    """What the templates call things; the fields are their placeholders."""

    name: str
    """Of the adapter, its entry point and its URL scheme."""
    distribution: str
    package: str
    prefix: str
    """What the names of its classes begin with."""


def names_of(name: str) -> Names:
    """All names that follow from that of the adapter. Raises `Refused`."""
    if not _NAME.fullmatch(name):
        raise Refused(f"{name!r} can not be the name of an adapter: {RULE}. {_proposal(name)}")
    if _is_taken(name):
        raise Refused(
            f"{name!r} is the name of another adapter, or begins its URLs. Write another, such as my-{name}"
        )
    words = name.split("-")
    prefix = "".join(word[:1].upper() + word[1:] for word in words)
    return Names(name, f"sqlspec-{name}", f"sqlspec_{'_'.join(words)}", prefix)


def _proposal(name: str) -> str:
    """The nearest name that may be one."""
    words = re.findall(r"[a-z0-9]+", name.lower())
    while words and (words[0] == "sqlspec" or not words[0][0].isalpha()):
        del words[0]
    return f"Write {'-'.join(words)}" if words else "Write one such as mydb"


def _is_taken(name: str) -> bool:
    """By an adapter of sqlspec itself, installed or not, or by one that is installed."""
    ours = {match[1] for need in requires("sqlspec") or () if (match := _OURS.match(need))}
    groups = ("sqlspec.adapters", "sqlspec.schemes")
    installed = {point.name for group in groups for point in entry_points(group=group)}
    front = f"sqlspec.adapters.{name.replace('-', '_')}"
    return name in ours | installed or find_spec(front) is not None
