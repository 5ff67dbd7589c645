"""From what an application passes to `register_config` to a name and a config."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlspec.config import DatabaseConfig
from sqlspec.config.convert import type_name
from sqlspec.errors import InvalidArgumentError, InvalidConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec.database import Database
    from sqlspec.loading.manager import Plugins

    AnyConfig = DatabaseConfig[Any, Any, Any, Any]

__all__ = ("check_added", "checked_name", "config_from", "objections", "type_from")

# An error quotes an adapter's name and a scheme; what does not look like one may be half of a password.
_ADAPTER = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_SCHEME = re.compile(rf"{_ADAPTER.pattern}(?:\+{_ADAPTER.pattern})?")


def checked_name(name: object) -> str:
    """A name that a database may have: any text that shows, without blanks at its ends."""
    if not isinstance(name, str):
        msg = f"a database's name is a str, not {type(name).__name__}"
        raise InvalidArgumentError(msg)
    if not name or not name.isprintable() or name != name.strip():
        msg = "a database's name is a text of printable characters, without blanks at its ends"
        raise InvalidArgumentError(msg)
    return name


def config_from(config: object, plugins: Plugins, name: object = None) -> AnyConfig:
    """The config that was passed, or that a URL or a mapping describes; *name*: what was passed behind it."""
    if isinstance(config, DatabaseConfig):
        return config
    if isinstance(config, str):
        if "://" not in config:
            _check_order(config, name)
        return plugins.config_type(plugins.adapter_for_scheme(_scheme(config))).from_url(config)
    if isinstance(config, Mapping):
        return _from_mapping(config, plugins)
    if isinstance(config, type) and issubclass(config, DatabaseConfig):
        msg = f"register_config() takes a config, not its class; write {config.__name__}(…)"
        raise InvalidArgumentError(msg)
    if config is None:
        msg = "None is no config, URL or mapping: is the variable set that it comes from?"
        raise InvalidArgumentError(msg)
    msg = f"register_config() takes a config, a URL or a mapping, not {type(config).__name__}"
    raise InvalidArgumentError(msg)


def _check_order(config: str, name: object) -> None:
    """Refuse a text that is no URL, if what was meant is plain."""
    if isinstance(name, DatabaseConfig | Mapping):
        msg = "the config comes first: write register_config(config, name)"
        raise InvalidArgumentError(msg)
    if isinstance(name, str) and "://" in name:
        msg = "the URL comes first: write register_config(url, name)"
        raise InvalidArgumentError(msg)
    if not config.strip():
        msg = "the URL is empty: is the variable set that it comes from?"
        raise InvalidConfigError(msg, key="url")


def check_added(
    added: Mapping[str, AnyConfig],
    registered: Mapping[str, Database],
    plugins: Plugins,
    *,
    covered: AnyConfig | None = None,
) -> None:
    """Refuse configs that ask for what can not be, alone or beside the others; raises the first objection.

    What they replace is no neighbour; what an override covers is one, for it stays open.
    """
    for _, objection in objections(added, registered, plugins, covered=covered):
        raise objection


def objections(
    added: Mapping[str, AnyConfig],
    registered: Mapping[str, Database],
    plugins: Plugins,
    *,
    covered: AnyConfig | None = None,
) -> Iterator[tuple[str, InvalidConfigError]]:
    """As `check_added`: every objection, with the name of the config that has it."""
    for name, config in added.items():
        if config.instrumentation.given:
            try:
                _check_instrumentation(config, plugins)
            except InvalidConfigError as exc:
                yield name, exc
    for name in filter(lambda name: _may_object(added[name]), added):
        # A copy for each, but nearly no adapter asks: with many configs, nobody pays for asking.
        others = {**{other: database.config for other, database in dict(registered).items()}, **added}
        del others[name]
        if covered is not None:
            others[name] = covered
        try:
            added[name].check_beside(name, others)
        except InvalidConfigError as exc:
            yield name, exc


def _check_instrumentation(config: AnyConfig, plugins: Plugins) -> None:
    from sqlspec.database.observers import check_instrumentation

    check_instrumentation(config, plugins)


def _may_object(config: AnyConfig) -> bool:
    return type(config).check_beside is not DatabaseConfig.check_beside


def type_from(options: Mapping[str, Any], plugins: Plugins) -> type[AnyConfig]:
    """The class of what *options* describe: `adapter` names it, else the URL's scheme means it."""
    adapter = options.get("adapter")
    if adapter is None:
        adapter = plugins.adapter_for_scheme(_scheme(options.get("url")))
    if not isinstance(adapter, str):
        msg = f"adapter is a name, not {type_name(adapter)}"
        raise InvalidConfigError(msg, key="adapter")
    if not _ADAPTER.fullmatch(adapter):
        msg = "adapter is a name of letters, digits, _, - and ."
        raise InvalidConfigError(msg, key="adapter")
    return plugins.config_type(adapter)


def _from_mapping(options: Mapping[str, Any], plugins: Plugins) -> AnyConfig:
    config_type = type_from(options, plugins)
    return config_type.from_mapping({name: value for name, value in options.items() if name != "adapter"})


def _scheme(url: object) -> str:
    if url is None:
        msg = 'which adapter? Give adapter = "…" or a url'
        raise InvalidConfigError(msg, key="adapter")
    scheme, mark, _ = url.strip().partition("://") if isinstance(url, str) else ("", "", "")
    if not mark or not _SCHEME.fullmatch(scheme):
        msg = "a url begins with its adapter's name, like sqlite:///file.db"
        if scheme.startswith(("'", '"')):
            msg = "a url has no quotes around it; some programs pass on those of an .env file"
        raise InvalidConfigError(msg, key="url")
    return scheme.strip().lower()
