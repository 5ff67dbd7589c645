"""From what an application passes to `register_config` to a name and a config."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlspec.config import DatabaseConfig
from sqlspec.config.sources import load_file
from sqlspec.errors import AdapterError, InvalidArgumentError, InvalidConfigError

if TYPE_CHECKING:
    from os import PathLike

    from sqlspec.config.sources import LoadedFile
    from sqlspec.plugin.manager import Plugins

    AnyConfig = DatabaseConfig[Any, Any, Any, Any]

__all__ = ("checked_name", "config_from", "configs_from_file")


def checked_name(name: object) -> str:
    """A name that a database may have: any text that shows, without blanks at its ends."""
    if not isinstance(name, str):
        msg = f"a database's name is a str, not {type(name).__name__}"
        raise InvalidArgumentError(msg)
    if not name or not name.isprintable() or name != name.strip():
        msg = "a database's name is a text of printable characters, without blanks at its ends"
        raise InvalidArgumentError(msg)
    return name


def config_from(config: object, plugins: Plugins) -> AnyConfig:
    """The config that was passed, or that a URL or a mapping describes."""
    if isinstance(config, DatabaseConfig):
        return config
    if isinstance(config, str):
        return plugins.config_type(plugins.adapter_for_scheme(_scheme(config))).from_url(config)
    if isinstance(config, Mapping):
        return _from_mapping(config, plugins)
    if isinstance(config, type) and issubclass(config, DatabaseConfig):
        msg = f"register_config() takes a config, not its class; write {config.__name__}(…)"
        raise InvalidArgumentError(msg)
    msg = f"register_config() takes a config, a URL or a mapping, not {type(config).__name__}"
    raise InvalidArgumentError(msg)


def _from_mapping(options: Mapping[str, Any], plugins: Plugins, *, where: str | None = None) -> AnyConfig:
    fields = dict(options)
    adapter = fields.pop("adapter", None)
    if adapter is None:
        adapter = plugins.adapter_for_scheme(_scheme(fields.get("url")))
    if not isinstance(adapter, str):
        msg = f"adapter is a name, not {type(adapter).__name__}"
        raise InvalidConfigError(msg, key="adapter")
    return plugins.config_type(adapter).from_mapping(fields, where=where)


def _scheme(url: object) -> str:
    if url is None:
        msg = 'which adapter? Give adapter = "…" or a url'
        raise InvalidConfigError(msg, key="adapter")
    scheme, mark, _ = url.partition("://") if isinstance(url, str) else ("", "", "")
    if not mark or not scheme:
        msg = "a url begins with its adapter's name, like sqlite:///file.db"
        raise InvalidConfigError(msg, key="url")
    return scheme.lower()


def configs_from_file(
    path: str | PathLike[str], plugins: Plugins, *, profile: str | None
) -> tuple[str | None, dict[str, AnyConfig]]:
    """The default's name and the configs that a file describes. Raises `ConfigFileError` with the place."""
    loaded = load_file(path, profile=profile)
    configs = {name: _from_table(name, loaded, plugins) for name in loaded.databases}
    return loaded.default, configs


def _from_table(name: str, loaded: LoadedFile, plugins: Plugins) -> AnyConfig:
    table = f"databases.{name}"
    try:
        checked_name(name)
        return _from_mapping(loaded.databases[name], plugins, where=table)
    except InvalidArgumentError as exc:
        fault = InvalidConfigError(str(exc), key=table)
    except InvalidConfigError as exc:
        fault = exc if (exc.key or "").startswith(table) else InvalidConfigError(str(exc), key=table)
    except AdapterError as exc:
        exc.add_note(f"needed by [{table}] of {loaded.path}")
        raise
    raise loaded.error(fault)
