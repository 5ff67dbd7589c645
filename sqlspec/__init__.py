"""sqlspec: one registry for every database an application talks to.

    from sqlspec import SQLSpec
    from sqlspec.adapters.sqlite import SQLiteConfig

    spec = SQLSpec()
    spec.register_config(SQLiteConfig(database="app.db"), name="main")
    with spec.provide_session("main") as session:
        session.execute("SELECT 1").scalar()

Errors are in `sqlspec.errors`; what an adapter's author needs is in `sqlspec.plugin`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlspec.config import AsyncOnlyConfig, DatabaseConfig, InstrumentationConfig, Secret
from sqlspec.errors import ConfigAlreadyRegisteredError, ConfigNotFoundError, SQLSpecError
from sqlspec.registry import SQLSpec

if TYPE_CHECKING:
    from sqlspec.arguments import IsolationLevel
    from sqlspec.config.url import URL
    from sqlspec.pool import PoolStats
    from sqlspec.registry.watch import SourceStatus
    from sqlspec.result import Result
    from sqlspec.session import AsyncExecution, AsyncSession, Session

__version__ = "1.0.0"

__all__ = (
    "URL",
    "AsyncExecution",
    "AsyncOnlyConfig",
    "AsyncSession",
    "ConfigAlreadyRegisteredError",
    "ConfigNotFoundError",
    "DatabaseConfig",
    "InstrumentationConfig",
    "IsolationLevel",
    "PoolStats",
    "Result",
    "SQLSpec",
    "SQLSpecError",
    "Secret",
    "Session",
    "SourceStatus",
)


def _standalone(config: DatabaseConfig[Any, Any, Any, Any]) -> Any:
    from sqlspec.database.standalone import Standalone

    return Standalone(config)


DatabaseConfig._standalone = staticmethod(_standalone)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

if not TYPE_CHECKING:  # hidden, else checkers accept any name
    # Sessions and results bring half of the library along: loaded with the first session, or by name. The
    # rest is what most applications never name.
    _HOMES = {
        "AsyncExecution": "sqlspec.session",
        "AsyncSession": "sqlspec.session",
        "IsolationLevel": "sqlspec.arguments",
        "PoolStats": "sqlspec.pool",
        "Result": "sqlspec.result",
        "Session": "sqlspec.session",
        "SourceStatus": "sqlspec.registry.watch",
        "URL": "sqlspec.config.url",
    }

    def __getattr__(name: str) -> object:
        """The names that are loaded on use."""
        from importlib import import_module

        if name not in _HOMES:
            from sqlspec.adapters._names import no_such_name

            raise no_such_name(__name__, name, __all__)
        value = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return value

    def __dir__() -> list[str]:
        """All of the door's names, loaded or not."""
        return sorted(__all__)
