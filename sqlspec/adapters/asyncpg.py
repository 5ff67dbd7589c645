"""PostgreSQL by asyncpg, under the driver's name; the database's is `sqlspec.adapters.postgresql`."""

from __future__ import annotations

from typing import TYPE_CHECKING

# pyright: reportMissingImports=false
if TYPE_CHECKING:  # an adapter may not be installed
    from sqlspec_asyncpg import AsyncpgConfig

__all__ = ("AsyncpgConfig",)

if not TYPE_CHECKING:  # hidden: with a __getattr__ in sight checkers would accept any name
    from ._lazy import lazy

    __getattr__ = lazy(__name__, {"AsyncpgConfig": "asyncpg"})

    def __dir__() -> list[str]:
        return list(__all__)
