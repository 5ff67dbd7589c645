"""What every sqlspec adapter must keep, as test classes to inherit from.

    from sqlspec_mydb import MyDbConfig
    from sqlspec_testkit import TransactionTable

    class TestTransactions(TransactionTable):
        def make_config(self, tmp_path):
            return MyDbConfig(database=str(tmp_path / "test.db"))

`ValueTable` is about what goes in and comes out, `ConnectionTable` about what connections leave behind, and
what errors say; `PoolTable` is the part of it for databases without SQL. `AsyncTransactionTable` and its
like are the same for `async with`. What else an adapter can tell stands in `AdapterTests`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .adapter import AdapterTests
    from .contract import AdapterContract
    from .table import (
        AsyncConnectionTable,
        AsyncPoolTable,
        AsyncTransactionTable,
        AsyncValueTable,
        ConnectionTable,
        PoolTable,
        TransactionTable,
        ValueTable,
    )

__all__ = (
    "AdapterContract",
    "AdapterTests",
    "AsyncConnectionTable",
    "AsyncPoolTable",
    "AsyncTransactionTable",
    "AsyncValueTable",
    "ConnectionTable",
    "PoolTable",
    "TransactionTable",
    "ValueTable",
)

if not TYPE_CHECKING:  # hidden: with a __getattr__ in sight checkers would accept any name

    def __getattr__(name: str) -> object:
        # Lazily: pytest loads this package for its plugin in every run, and most runs test no adapter.
        from importlib import import_module

        homes = {"AdapterTests": ".adapter", "AdapterContract": ".contract"}
        if name not in __all__:
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        return getattr(import_module(homes.get(name, ".table"), __name__), name)
