"""MySQL and MariaDB by asyncmy, under the driver's name; the database's is `sqlspec.adapters.mysql`."""

from __future__ import annotations

from typing import TYPE_CHECKING

# pyright: reportMissingImports=false
if TYPE_CHECKING:  # an adapter may not be installed
    from sqlspec_asyncmy import AsyncMyConfig

__all__ = ("AsyncMyConfig",)

if not TYPE_CHECKING:  # hidden: with a __getattr__ in sight checkers would accept any name
    from ._lazy import lazy

    __getattr__ = lazy(__name__, {"AsyncMyConfig": "asyncmy"})

    def __dir__() -> list[str]:
        return list(__all__)
