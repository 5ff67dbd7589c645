"""Options of URLs under the names that other programs have for them: taken as ours, or refused with ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args, get_origin

from sqlspec.config.convert import fields_of, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlspec.config.base import DatabaseConfig

__all__ = ("URLWord", "our_name", "translated")

OTHERS = {
    **dict.fromkeys(("max_connections", "max_size", "maxsize"), "pool_size"),
    **dict.fromkeys(("max_pool_size", "pool_max_size", "pool_max"), "pool_size"),
    **dict.fromkeys(("min_connections", "min_size", "minsize", "min_pool_size"), "pool_min_size"),
    **dict.fromkeys(("dsn", "uri", "conninfo"), "url"),
    **dict.fromkeys(("db", "dbname", "name", "path", "filename"), "database"),
    **dict.fromkeys(("command_timeout", "statement_timeout"), "query_timeout"),
    "user": "username",
    "hostname": "host",
    "options": "server_settings",
}
"""What drivers call our fields: not taken, but known."""


class URLWord(NamedTuple):
    """What becomes of an option that a URL calls by somebody else's name."""

    field: str = ""
    """Our name for it; empty: we have none."""
    values: Mapping[str, str] | None = None
    """Our spelling of its values, by theirs in small letters; None: they are spelled alike."""
    refusal: str = ""
    """Why it is refused, and what to write: for what has no field, or for a value that is not listed."""


def translated(cls: type[DatabaseConfig[Any, Any, Any, Any]], query: Mapping[str, str]) -> dict[str, str]:
    """*query* in our words. Raises `InvalidConfigError`, which quotes no value."""
    ours: dict[str, str] = {}
    for name, value in query.items():
        word = cls.url_words.get(name)
        field, spelled = (name, value) if word is None else _meant(cls, name, value, word)
        if field in ours:
            raise invalid(cls, name, f"the url says {field} twice; say it in one place")
        ours[field] = spelled
    return ours


def _meant(
    cls: type[DatabaseConfig[Any, Any, Any, Any]], name: str, value: str, word: URLWord
) -> tuple[str, str]:
    if not word.field:
        raise invalid(cls, name, word.refusal)
    if word.values is None:
        return word.field, value
    spelled = word.values.get(value.lower())
    if spelled is None:
        raise invalid(cls, name, word.refusal or _instead(cls, word.field))
    return word.field, spelled


def _instead(cls: type[DatabaseConfig[Any, Any, Any, Any]], field: str) -> str:
    """What to write for a value that has no meaning: our field, with all that it may be."""
    wanted = fields_of(cls)[field].type
    literals = [part for part in (wanted, *get_args(wanted)) if get_origin(part) is Literal]
    values = [str(value) for literal in literals for value in get_args(literal)]
    return f"write {field} instead{', which is ' + ' or '.join(values) if values else ''}"


def our_name(cls: type[Any], name: str) -> str | None:
    """The field of *cls* that others call *name*."""
    word = getattr(cls, "url_words", {}).get(name)
    ours = word.field if word else OTHERS.get(name)
    return ours if ours in fields_of(cls) else None
