"""What a config's URL says, as values of the config's fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import force_setattr

from sqlspec.config.convert import Text, fields_of, invalid, misfit, relocated, to_field, unknown
from sqlspec.config.secret import Secret
from sqlspec.config.struct import ConfigStruct, is_default
from sqlspec.config.url import URL
from sqlspec.config.url_words import translated
from sqlspec.errors import InvalidConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    from sqlspec.config.base import DatabaseConfig

    Config: TypeAlias = DatabaseConfig[Any, Any, Any, Any]


def fill(config: Config, text: str) -> None:
    """Let the URL set the fields that have their defaults; refuse it where a field says something else."""
    fields = fields_of(type(config))
    for name, value in _read(type(config), text).items():
        if getattr(config, name) == value:
            continue
        if not is_default(config, fields[name]):
            raise conflict(type(config), name)
        force_setattr(config, name, value)


def conflict(cls: type[Config], name: str) -> InvalidConfigError:
    """The error about a field that was set both by the URL and beside it."""
    return invalid(cls, name, "the url says something else; say it in one place")


def spoken(cls: type[Config], url: URL) -> dict[str, Any]:
    """The fields that a URL speaks of, each in one place."""
    before, after = _parts(cls, url), _options(cls, url.query)
    for name in before.keys() & after.keys():
        raise invalid(cls, name, "the url says it twice; say it in one place")
    return {**before, **after}


def _parts(cls: type[Config], url: URL) -> dict[str, Any]:
    """The fields for a URL's parts, those of its query aside."""
    spoken = {part: value for part, value in _components(cls, url).items() if value is not None}
    for part in spoken:
        if part not in cls.url_fields:
            raise invalid(cls, "url", f"a URL of this adapter has no {part}{_slashes(part)}")
    return {cls.url_fields[part]: value for part, value in spoken.items()}


def _options(cls: type[Config], query: Mapping[str, str]) -> dict[str, Text]:
    """The fields that a URL's query sets: those that one word expresses and that may stand in a URL."""
    return {_option(cls, name): Text(value) for name, value in translated(cls, query).items()}


def _read(cls: type[Config], text: str) -> dict[str, Any]:
    try:
        url = URL.parse(text)
    except InvalidConfigError as exc:
        fault = relocated(exc, "", f"{cls.__name__}.", "")
    else:
        _check_scheme(cls, url)
        return {name: _typed(cls, name, value) for name, value in cls.parse_url(url).items()}
    raise fault


def _check_scheme(cls: type[Config], url: URL) -> None:
    schemes = {cls.adapter, *cls.url_schemes}
    if url.scheme not in schemes or url.adapter not in (None, cls.adapter):
        usual = " or ".join(f"{scheme}://…" for scheme in cls.url_schemes or (cls.adapter,))
        raise invalid(cls, "url", f"this adapter's URLs begin with {usual}")


def _components(cls: type[Config], url: URL) -> dict[str, Any]:
    text = {
        name: Text(value) if value else None
        for name, value in (("username", url.username), ("database", url.database))
    }
    return {**text, "password": url.password, **_hosts(cls, url)}


def _hosts(cls: type[Config], url: URL) -> dict[str, Any]:
    if "hosts" in cls.url_fields:
        return {"hosts": url.hosts or None}
    if len(url.hosts) > 1:
        raise invalid(cls, "url", "this adapter takes one host")
    host, port = url.hosts[0] if url.hosts else (None, None)
    return {"host": Text(host) if host else None, "port": port}


def _slashes(part: str) -> str:
    return "; a path begins after three slashes, an absolute one after four" if part == "host" else ""


def _option(cls: type[Config], name: str) -> str:
    field = fields_of(cls).get(name)
    if field is None:
        raise unknown(cls, name)
    if name in cls.code_only:
        raise invalid(cls, name, "can be set in code only, not in a URL")
    if name == "url" or Secret in _choices(field.type) or issubclass(_plain(field.type), ConfigStruct):
        raise invalid(cls, name, "can not stand in a URL's query")
    return name


def _typed(cls: type[Config], name: str, value: Any) -> Any:
    field = fields_of(cls)[name]
    try:
        return to_field(value, field.type)
    except msgspec.ValidationError:
        fault = misfit(cls, {name: value})
    raise fault


def _choices(wanted: Any) -> tuple[Any, ...]:
    return (wanted, *getattr(wanted, "__args__", ()))


def _plain(wanted: Any) -> type:
    return wanted if isinstance(wanted, type) else object
