"""The text of a statement as it is sent, and the statements that this adapter refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlspec.errors import NotSupportedError, ParameterError, StatementError

from .literals import render, script_bytes
from .protocol import NO_BACKSLASH_ESCAPES
from .statement_kind import CHARSET, LOCKS, USES, restores_charset

if TYPE_CHECKING:
    from sqlspec.plugin import Parameters

    from .session_state import SessionState
    from .transaction_control import TransactionControl

__all__ = ("StatementText",)


class StatementText:
    """Renders the statements of one connection, by the modes of its session."""

    def __init__(
        self, raw: Any, max_packet: int, session: SessionState, transaction: TransactionControl
    ) -> None:
        self._raw, self._max_packet = raw, max_packet
        self._session, self._transaction = session, transaction

    def render(self, kind: int, statement: str, parameters: Parameters) -> bytes:
        """The statement with its parameters. Raises for what can not be sent."""
        if parameters is not None:
            self.check_modes()
        if kind & (CHARSET | LOCKS | USES):
            self.check_kind(kind, statement)
        text = script_bytes(statement) if self._transaction.is_free else render(statement, parameters)
        if len(text) < self._max_packet:
            return text
        msg = f"the statement has {len(text)} bytes, and max_allowed_packet is {self._max_packet}"
        raise ParameterError(msg)

    def check(self, kind: int, statement: str) -> None:
        """Raise for a statement that can not be sent, whatever its parameters are."""
        self.check_modes()
        self.render(kind, statement, None)

    def check_modes(self) -> None:
        """Raise if the server would read our literals in another way."""
        if self._raw.server_status & NO_BACKSLASH_ESCAPES:
            raise NotSupportedError(
                "with sql_mode NO_BACKSLASH_ESCAPES no parameters can be sent; take it off"
            )

    def check_kind(self, kind: int, statement: str) -> None:
        """Refuse what would break the session, and note a change of the default database."""
        # What a script restores is what it has saved; after it the charset is set again.
        if kind & CHARSET and not (self._transaction.is_free and restores_charset(statement)):
            raise NotSupportedError(
                "text travels as UTF-8, so the connection's charset stays what it is. Leave SET NAMES out, "
                "and make dumps with --default-character-set=utf8mb4"
            )
        if kind & LOCKS and self._transaction.begun is not None:
            advice = StatementError.OUTSIDE_TRANSACTIONS
            raise StatementError(f"LOCK TABLES ends a transaction, and a transaction the locks: {advice}")
        if kind & USES:
            self._session.has_changed_database = True
