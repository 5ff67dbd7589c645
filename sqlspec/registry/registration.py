"""From a source to configs that can be registered: all of them, or every reason why not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlspec.config.faults import faults
from sqlspec.config.sources import ConfigSource
from sqlspec.config.sources.document import Document
from sqlspec.config.sources.environment import EnvironmentSource
from sqlspec.config.sources.file import FileSource
from sqlspec.config.sources.findings import Findings
from sqlspec.errors import (
    AdapterError,
    ConfigAlreadyRegisteredError,
    InvalidArgumentError,
    InvalidConfigError,
)

from .config_input import checked_name, objections, type_from

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlspec.config import DatabaseConfig
    from sqlspec.config.sources.document import Description
    from sqlspec.config.sources.source import Path, SourceTables
    from sqlspec.database import Database
    from sqlspec.loading.manager import Plugins

    from .names import NameTable

    AnyConfig = DatabaseConfig[Any, Any, Any, Any]
    NewDatabase = Callable[[str, AnyConfig, ConfigSource], Database]

__all__ = (
    "FileSource",
    "Registration",
    "described",
    "environment_source",
    "json_schema",
    "put_all",
    "registration",
    "source_of",
)


class Registration(NamedTuple):
    """What a source wants to have registered."""

    source: ConfigSource
    default: str | None
    configs: dict[str, AnyConfig]
    descriptions: dict[str, Description]
    findings: Findings

    def check_added(self, registered: Mapping[str, Database], plugins: Plugins) -> None:
        """Raise ConfigSourceError with all that the configs object to."""
        for name, objection in objections(self.configs, registered, plugins):
            key = objection.key or ""
            reason = str(objection).removeprefix(f"{type(self.configs[name]).__name__}.{key}: ")
            path = tuple(key.split("."))
            origin = self.descriptions[name].origin(path)
            self.findings.add(("databases", name, *path), reason, origin=origin)
        self.findings.check()


def put_all(
    found: Sequence[Registration],
    table: NameTable,
    new_database: NewDatabase,
    plugins: Plugins,
    *,
    override: bool,
) -> dict[str, Database]:
    """Register all of it or nothing, and return it; *override* retires what had one of the names.

    Raises ConfigAlreadyRegisteredError, or ConfigSourceError with all that the configs object to.
    """
    wanted = [(name, config, one) for one in found for name, config in one.configs.items()]
    with table.lock:
        replaced = [table.databases[name] for name, _, _ in wanted if name in table.databases]
        if replaced and not override:
            raise ConfigAlreadyRegisteredError(replaced[0].name)
        for one in found:
            one.check_added(table.databases, plugins)
        made = {name: new_database(name, config, one.source) for name, config, one in wanted}
        table.put_all(made, next((one.default for one in found if one.default), None))
    for database in replaced:
        database.retire()
    return made


def registration(
    source: object,
    plugins: Plugins,
    *,
    profile: object = None,
    environ: Mapping[str, Any] | None = None,
) -> Registration:
    """The configs that a source describes. Raises ConfigSourceError with all that is wrong."""
    if not isinstance(profile, str | None):
        raise InvalidArgumentError(f"a profile is chosen by its name, not by {type(profile).__name__}")
    chosen = source_of(source, plugins)
    return described(chosen, chosen.read(), plugins, profile=profile, environ=environ)


def described(
    source: ConfigSource,
    tables: SourceTables,
    plugins: Plugins,
    *,
    profile: str | None,
    environ: Mapping[str, Any] | None = None,
) -> Registration:
    """The configs that a source's tables describe. Raises ConfigSourceError with all that is wrong."""
    findings = Findings(source.name, tables)
    environ = os.environ if environ is None else environ
    document = Document(tables, findings, profile=profile, environ=environ)
    configs: dict[str, AnyConfig] = {}
    descriptions: dict[str, Description] = {}
    for description in document.databases():
        descriptions[description.name] = description
        maker = _Maker(description, findings, plugins, tables.bases.get(description.name))
        config = maker.config(tables.config_types.get(description.name))
        if config is not None:
            configs[description.name] = config
    default = document.default()
    findings.check()
    return Registration(source, default, configs, descriptions, findings)


def environment_source(
    prefix: str,
    mapping: Mapping[str, type[AnyConfig]] | None,
    environ: Mapping[str, Any] | None,
    plugins: Plugins,
) -> EnvironmentSource:
    """The environment as a source that finds its configs' classes among *plugins*."""
    return EnvironmentSource(
        prefix,
        mapping=mapping,
        environ=os.environ if environ is None else environ,
        find_type=lambda options: type_from(options, plugins),
    )


def json_schema() -> dict[str, Any]:
    """The JSON Schema of configuration files."""
    from sqlspec.config.schema import document_schema
    from sqlspec.database.standalone import process_plugins

    return document_schema(*_installed(process_plugins()))


def source_of(source: object, plugins: Plugins) -> ConfigSource:
    """The source itself, or the one that the opt-in plugin of this name brings."""
    found = plugins.config_source(source) if isinstance(source, str) else source
    if isinstance(found, ConfigSource):
        return found
    wanted = "a ConfigSource or the name of a plugin that brings one"
    raise InvalidArgumentError(f"register_from() takes {wanted}, not {type(found).__name__}")


class _Maker:
    """Makes one database's config, or finds out all that prevents it."""

    def __init__(
        self, description: Description, findings: Findings, plugins: Plugins, base: AnyConfig | None
    ) -> None:
        self._base = base
        self._description, self._is_sound = description, description.is_complete
        self._name, self._options = description.name, description.options
        self._findings, self._plugins = findings, plugins

    def config(self, config_type: type[AnyConfig] | None) -> AnyConfig | None:
        """The config, of *config_type* or of the class that the options mean; None if it can not be made."""
        self._check_name()
        found = config_type or self._type()
        if found is None:
            return None
        self._check_adapter(found)
        options = {name: value for name, value in self._options.items() if name != "adapter"}
        for path, reason in faults(found, options):
            self._note(path, reason)
        return self._made(found, options) if self._is_sound else None

    def _type(self) -> type[AnyConfig] | None:
        said = "adapter" if "adapter" in self._options else "url"
        if said not in self._options and not self._is_sound:
            return None  # it may be said in what was left out
        try:
            return type_from(self._options, self._plugins)
        except AdapterError as exc:
            self._note((said,), str(exc), cause=exc)
        except InvalidConfigError as exc:
            self._note((exc.key or said,), str(exc))
        return None

    def _made(self, config_type: type[AnyConfig], options: dict[str, Any]) -> AnyConfig | None:
        where = f"databases.{self._name}"
        try:
            config = config_type.from_mapping(options, where=where)
            return config if self._base is None else self._base.merge(config)
        except InvalidConfigError as exc:
            key = (exc.key or where).removeprefix(where).removeprefix(".")
            reason = str(exc).removeprefix(exc.key or where).removeprefix(": ")
        self._note(tuple(key.split(".")) if key else (), reason)
        return None

    def _check_name(self) -> None:
        try:
            checked_name(self._name)
        except InvalidArgumentError as exc:
            self._note((), str(exc))

    def _check_adapter(self, config_type: type[AnyConfig]) -> None:
        said = self._options.get("adapter", config_type.adapter)
        if said != config_type.adapter:
            self._note(("adapter",), f"{config_type.__name__} belongs to the adapter {config_type.adapter!r}")

    def _note(self, path: Path, reason: str, *, cause: Exception | None = None) -> None:
        self._is_sound = False
        origin = self._description.origin(path)
        self._findings.add(("databases", self._name, *path), reason, origin=origin, cause=cause)


def _installed(plugins: Plugins) -> Any:
    """The installed adapters' config classes, what each URL scheme means, and which adapters are broken."""
    types: dict[str, type[AnyConfig]] = {}
    broken: list[str] = []
    for status in plugins:
        if status.kind == "adapter":
            try:
                types[status.name] = plugins.config_type(status.name)
            except AdapterError:
                broken.append(status.name)
    return types, _schemes(types, plugins), sorted(broken)


def _schemes(types: Mapping[str, type[AnyConfig]], plugins: Plugins) -> dict[str, str]:
    found: dict[str, str] = {}
    for config_type in types.values():
        for scheme in (config_type.adapter, *config_type.url_schemes):
            try:
                found[scheme] = plugins.adapter_for_scheme(scheme)
            except AdapterError:  # of several, none is meant: only scheme+adapter:// says which
                continue
    return found
