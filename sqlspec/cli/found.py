"""Which configuration a command works with, and why that one.

In this order: `--config`, the variable `SQLSPEC_CONFIG`, what lies in this folder or the nearest above it
(`pyproject.toml` with `[tool.sqlspec]`, or `sqlspec.toml`, `.yaml` or `.json`), and at last the environment's
`DATABASE_URL` and `DB_…`.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlspec import SQLSpec
from sqlspec.errors import InvalidArgumentError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ("FILES", "Found", "find")

VARIABLE = "SQLSPEC_CONFIG"
PREFIX = "DB_"
PLAIN = "DATABASE_URL"
FILES = ("sqlspec.toml", "sqlspec.yaml", "sqlspec.json")
_PROJECT = "pyproject.toml"
_KEYS = {"config", "profile"}
_MOST_BYTES = 1 << 20


class Found(NamedTuple):
    """Where the databases are described."""

    paths: tuple[Path, ...]
    """Files; none: the environment."""
    reason: str
    """Why it is this one."""
    profile: str | None = None

    def registry(self) -> SQLSpec:
        """The databases that it describes. Raises `ConfigSourceError`."""
        if self.paths:
            return SQLSpec.from_file(*self.paths, profile=self.profile)
        return _from_environment(os.environ)

    @property
    def place(self) -> str:
        """For people: the files, or the environment."""
        return ", ".join(map(_short, self.paths)) or "the environment"


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def find(
    given: Sequence[str] = (),
    profile: str | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Found:
    """The configuration to use. Raises `InvalidArgumentError` if there is none, or it is not clear which."""
    environ = os.environ if environ is None else environ
    if given:
        return Found(tuple(map(Path, given)), "--config", profile)
    if environ.get(VARIABLE):
        return Found((Path(environ[VARIABLE]),), VARIABLE, profile)
    start = Path.cwd() if folder is None else folder
    for place in (start, *start.parents):
        found = _in_folder(place, profile)
        if found is not None:
            return found
    if environ.get(PLAIN) or any(map(_names_a_database, environ)):
        if profile is not None:
            raise InvalidArgumentError(
                "--profile chooses a profile of a file, and there is no file; leave it out"
            )
        return Found((), PLAIN if environ.get(PLAIN) else f"{PREFIX}…")
    raise InvalidArgumentError(
        f"no configuration: no {', '.join(FILES)} in this folder or above, and no DATABASE_URL. "
        "To begin: sqlspec init"
    )


def _from_environment(environ: Mapping[str, str]) -> SQLSpec:
    """`DATABASE_URL` is `main`; the others have their names in their variables."""
    spec = SQLSpec()
    if any(_names_a_database(name) for name in environ):
        spec.register_from_env(PREFIX)
    if environ.get(PLAIN):
        spec.register_config(environ[PLAIN], "main")
    return spec


def _names_a_database(variable: str) -> bool:
    return variable.startswith(PREFIX) and variable.endswith(("_URL", "_ADAPTER", "_URL_FILE"))


def _in_folder(folder: Path, profile: str | None) -> Found | None:
    project = folder / _PROJECT
    if project.is_file() and (section := _section(project)):
        paths = tuple(folder / path for path in section["config"])
        return Found(paths, _short(project), profile or section.get("profile"))
    paths = tuple(path for name in FILES if (path := folder / name).is_file())
    if len(paths) > 1:
        names = " and ".join(path.name for path in paths)
        raise InvalidArgumentError(f"{folder} has {names}. Choose one: --config {paths[0].name}")
    if not paths:
        return None
    _check_owner(paths[0])
    return Found(paths, "found in this folder" if folder == Path.cwd() else f"found in {folder}", profile)


def _section(project: Path) -> dict[str, Any] | None:
    """`[tool.sqlspec]` of a pyproject.toml: None if it has none, or if the file is not for us to judge."""
    try:
        if project.stat().st_size > _MOST_BYTES:
            return None
        tool = tomllib.loads(project.read_text("utf-8")).get("tool", {})
    except (OSError, ValueError):  # its own tools complain
        return None
    section = tool.get("sqlspec") if isinstance(tool, dict) else None
    if section is None:
        return None
    _check_owner(project)
    if not isinstance(section, dict):
        raise InvalidArgumentError(
            f'{project}: tool.sqlspec is a table. Write: [tool.sqlspec]\nconfig = "sqlspec.toml"'
        )
    for key in section:
        if key not in _KEYS:
            raise InvalidArgumentError(
                f"{project}: tool.sqlspec.{key} means nothing. {did_you_mean(key, _KEYS)}"
            )
    config, profile = section.get("config"), section.get("profile")
    paths = [config] if isinstance(config, str) else config
    if not (isinstance(paths, list) and paths and all(isinstance(path, str) and path for path in paths)):
        raise InvalidArgumentError(
            f'{project}: tool.sqlspec.config is a path, or a list of them. Write: config = "sqlspec.toml"'
        )
    if not isinstance(profile, str | None):
        raise InvalidArgumentError(f'{project}: tool.sqlspec.profile is a name. Write: profile = "test"')
    return {"config": paths, "profile": profile}


def _check_owner(path: Path) -> None:
    """Refuse what somebody else has put in a folder above: a config says what is opened, and with what."""
    if not hasattr(os, "getuid"):
        return
    owner = path.stat().st_uid
    if owner not in {0, os.getuid()}:
        raise InvalidArgumentError(
            f"{path} belongs to somebody else. To use it all the same: --config {path}"
        )
