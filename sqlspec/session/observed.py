"""What a session does as its observers see it: a statement, and the end of a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Self

    from sqlspec.loading.reporter import Reporter
    from sqlspec.plugin.contract import Outcome, RawResult
    from sqlspec.plugin.events import StatementEvent, TransactionEvent

__all__ = ("Ending", "Observed")


class Observed:
    """`with observed:` around each part of a statement; does nothing when nobody observes.

    The first part starts it. The part that fails, or after which `is_over` holds, ends it; between the others
    it is paused, and the application runs.
    """

    __slots__ = (
        "_event",
        "_operation",
        "_reporter",
        "_sql",
        "batch_size",
        "is_over",
        "parameters",
        "raw",
        "rowcount",
    )

    def __init__(
        self, reporter: Reporter | None, sql: object, operation: str, *, is_over: bool = True
    ) -> None:
        """*is_over*: it has one part."""
        self._reporter, self._sql, self._operation = reporter, sql, operation
        self._event: StatementEvent | None = None
        self.is_over = is_over
        self.parameters: Any = None
        self.batch_size: int | None = None
        self.raw: RawResult | None = None
        """What it returned."""
        self.rowcount: int | None = None
        """How many rows were read or sent, where nothing is returned as a whole."""

    def __enter__(self) -> Self:
        reporter = self._reporter
        if reporter is not None:
            if self._event is not None:
                reporter.resume(self._event)
            else:
                self._event = reporter.start(self._sql, self._operation)
                if self._event is None:
                    self._reporter = None  # nobody wants to hear of this one
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        reporter, event = self._reporter, self._event
        if reporter is None or event is None:
            return
        if exc is None and not self.is_over:
            reporter.pause(event)
            return
        # It is reported once, whatever comes after its end.
        self._reporter = None
        event.batch_size = self.batch_size
        event.rowcount = self.rowcount
        if self._operation == "stream":
            event.returned_rows = self.rowcount
        reporter.end(event, self.raw, parameters=self.parameters, error=exc)

    def end(self, error: BaseException | None = None) -> None:
        """It is over without another part, if it had one; *error*: why."""
        if self._event is not None:
            self.is_over = True
            self.__enter__()
            self.__exit__(None, error, None)


class Ending:
    """`with ending:` around COMMIT or ROLLBACK; does nothing when nobody observes."""

    __slots__ = ("_commit", "_committed", "_error", "_event", "_reporter")

    def __init__(
        self, reporter: Reporter | None, *, commit: bool, error: BaseException | None = None
    ) -> None:
        """*error*: what the application gets although the ROLLBACK succeeds."""
        self._reporter, self._commit, self._error = reporter, commit, error
        self._event: TransactionEvent | None = None
        self._committed: bool | None = False

    def __enter__(self) -> Self:
        if self._reporter is not None:
            self._event = self._reporter.start_ending(commit=self._commit)
        return self

    def note(self, outcome: Outcome, error: BaseException | None) -> None:
        """What the connection says of it, and what the application gets for that."""
        self._committed = outcome.committed if self._commit else False
        self._error = error or outcome.error

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._reporter is not None and self._event is not None:
            # A COMMIT that was left may have arrived; a ROLLBACK that was left is done by the server.
            committed = None if exc is not None and self._commit else self._committed
            self._reporter.end_transaction(self._event, committed=committed, error=exc or self._error)
