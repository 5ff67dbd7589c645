"""Asking DuckDB what became of a transaction: it offers no status, but each transaction has a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from sqlspec.plugin import TransactionStatus

from .signals import passing_signals

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

__all__ = ("TransactionProbe",)

TXID = "SELECT txid_current()"


class TransactionProbe:
    """Tells the status of a transaction that we have begun."""

    def __init__(self) -> None:
        self.txid: int | None = None
        """Our transaction's, where the application may have ended it on the driver's object."""

    def remember(self, raw: DuckDBPyConnection) -> None:
        """Note the open transaction, before the application gets the driver's object."""
        if self.txid is None:
            self.txid = _current_txid(raw)

    def status(self, raw: DuckDBPyConnection) -> TransactionStatus:
        """An aborted transaction takes no query, and outside of one each query has its own number."""
        try:
            first, second = _current_txid(raw), _current_txid(raw)
        except duckdb.Error:
            return TransactionStatus.ABORTED
        if first != second:
            return TransactionStatus.IDLE if self.txid is None else TransactionStatus.ABORTED
        if self.txid not in {None, first}:
            return TransactionStatus.ABORTED  # another one, which the application began
        return TransactionStatus.ACTIVE


@passing_signals
def _current_txid(raw: DuckDBPyConnection) -> int:
    row = raw.execute(TXID).fetchall()[0]
    return int(row[0])
