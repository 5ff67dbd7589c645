"""Options of URLs under the names that other programs have for them: taken as ours, or refused with ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlspec.config.convert import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlspec.config.base import DatabaseConfig

__all__ = ("URLWord", "translated")


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
        known = ", ".join(dict.fromkeys(word.values.values()))
        raise invalid(cls, name, word.refusal or f"write {word.field}, which is one of {known}")
    return word.field, spelled
