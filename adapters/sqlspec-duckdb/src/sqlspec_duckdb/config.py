"""How to reach one DuckDB database, and how to behave towards it."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - a config's annotations are read at runtime
from typing import TYPE_CHECKING, Any, ClassVar

from sqlspec import AsyncSession, DatabaseConfig

from .paths import MEMORY, same_file
from .session import DuckDBSession

if TYPE_CHECKING:
    import duckdb  # noqa: F401 - named in a string below

__all__ = ("DuckDBConfig",)

SAFE: Mapping[str, bool] = {
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "lock_configuration": True,
}
"""What `safe` sets: no file, no network and no extension, and no statement that changes this."""

OWN_FIELDS = ("threads", "memory_limit", "temp_directory")


class DuckDBConfig(
    DatabaseConfig[DuckDBSession, AsyncSession, "duckdb.DuckDBPyConnection", "duckdb.DuckDBPyConnection"],
    frozen=True,
    kw_only=True,
):
    """One DuckDB database: a file, or memory that lives as long as the config is registered.

    URLs: `duckdb:///relative.db`, `duckdb:////absolute.db`, `duckdb://` for memory.
    """

    adapter: ClassVar[str] = "duckdb"
    url_fields: ClassVar[Mapping[str, str]] = {"database": "database"}

    database: str = MEMORY
    """A file's path, or `:memory:`: one database for all the config's connections."""
    safe: bool = False
    """No access to files and the network, no extensions, and a locked configuration."""
    threads: int | None = None
    """How many threads DuckDB runs a statement in; None leaves it to DuckDB: one for each core."""
    memory_limit: str | None = None
    """How much memory DuckDB may use, as in `"4GB"`; None leaves it to DuckDB: 80 % of what there is."""
    temp_directory: str | None = None
    """Where DuckDB puts what does not fit into memory."""
    settings: Mapping[str, str | int | float | bool] = {}
    """Further settings of DuckDB's, by name."""

    def check(self) -> None:
        """Ranges, and what contradicts itself."""
        super().check()
        if not self.database:
            raise self.invalid("database", f"is a file's path or {MEMORY!r}")
        if self.database.startswith(MEMORY) and not self.is_memory:
            raise self.invalid("database", f"is a path or {MEMORY!r}; each config's memory is its own anyway")
        if self.is_memory and self.read_only:
            raise self.invalid("read_only", "does not go with memory, where nothing is to be read")
        if self.threads is not None and self.threads < 1:
            raise self.invalid("threads", "is 1 or more")
        self._check_settings()

    def _check_settings(self) -> None:
        for name in self.settings:
            if name == "access_mode":
                raise self.invalid("settings", "holds access_mode; write read_only=True instead")
            if name in OWN_FIELDS:
                raise self.invalid("settings", f"holds {name}, which is a field of the config's own")
            if self.safe and name in SAFE:
                raise self.invalid("settings", f"holds {name}, which safe=True settles")

    @property
    def is_memory(self) -> bool:
        """Whether the database is in memory only."""
        return self.database == MEMORY

    def options(self) -> dict[str, Any]:
        """What DuckDB is given when the database is opened, besides its path and whether it is read-only."""
        # A statement must not find the caller's local variables by their names.
        options: dict[str, Any] = {"python_enable_replacements": False}
        options |= {name: getattr(self, name) for name in OWN_FIELDS if getattr(self, name) is not None}
        options |= self.settings
        if self.safe:
            options |= SAFE
        return {name: _as_setting(value) for name, value in options.items()}

    def check_beside(self, name: str, others: Mapping[str, DatabaseConfig[Any, Any, Any, Any]]) -> None:
        """One process opens a file once, in one way: refuse another config of it with other settings."""
        for other_name, other in others.items():
            if (
                isinstance(other, DuckDBConfig)
                and not (self.is_memory or other.is_memory)
                and same_file(self.database, other.database)
                and (where := self.differs_in(other))
            ):
                raise self.invalid(
                    where[0],
                    f"of {name!r} differs from that of {other_name!r}, which is on the same file; DuckDB "
                    f"opens a file once in a process, with one set of settings ({', '.join(where)})",
                )

    def differs_in(self, other: DuckDBConfig) -> list[str]:
        """The fields of which DuckDB takes one value for each file."""
        fields = ("read_only", "safe", *OWN_FIELDS, "settings")
        return [name for name in fields if getattr(self, name) != getattr(other, name)]


def _as_setting(value: object) -> object:
    # Text, because some versions take no Python booleans.
    return str(value).lower() if isinstance(value, bool) else value
