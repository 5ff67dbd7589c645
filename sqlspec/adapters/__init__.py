"""The adapters' configs by database: `from sqlspec.adapters.postgresql import AsyncpgConfig`.

Each module here is a front for adapters that are distributions of their own and may not be installed;
it holds no driver code and imports an adapter when its config is first named. An adapter that is not
in this list is imported from its own package: `from sqlspec_mydb import MyDbConfig`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if not TYPE_CHECKING:  # hidden: with a __getattr__ in sight checkers would accept any name

    def __getattr__(name: str) -> object:
        from ._names import fronts, no_such_name

        raise no_such_name(__name__, name, fronts())
