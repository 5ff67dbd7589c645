"""One line of a script: which calls it is about, and what becomes of them."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Literal, TypeAlias

from sqlspec.errors import InvalidArgumentError

from .errors import ScriptedError
from .gate import Gate

if TYPE_CHECKING:
    from typing import Self

__all__ = ("Ending", "Leaves", "Line")

Leaves: TypeAlias = Literal["open", "aborted", "ended"]
"""What an error makes of the open transaction: nothing; only a rollback will do; it is undone and over."""

_BY_DEFAULT = {"connect": "refused", "ping": "disconnect", "close": "disconnect", "commit": "integrity"}


class Ending(enum.Enum):
    """How a call ends."""

    SERVED = "served"
    REFUSED = "refused"
    NOT_SENT = "not sent"
    HALF_DONE = "half done"
    NO_REPLY = "no reply"


class Line:
    """What becomes of some calls of one step. Every word returns the line, so that two can be said in one.

    First come `delay`, `turns` and `hang`, which hold the call before it reaches the server; then at most
    one of `fail`, `not_sent`, `half_done` and `lose_reply`. Without any the call is served as usual.
    """

    def __init__(self, step: str, times: int | None = None, *, statement: str | None = None) -> None:
        """*times*: None for every call."""
        self.step, self._words = step, None if statement is None else statement.split()
        # Taken by `pop`, which is one step for all threads.
        self._passes = None if times is None else [True] * times
        self.gate = Gate()
        """Where `hang` and `lose_reply` hold their calls."""
        self.hangs = False
        self.seconds: float | None = None
        self.turn_count = 0
        self.ending = Ending.SERVED
        self.error: ScriptedError | BaseException = ScriptedError("other")
        self.leaves: Leaves = "ended" if step == "commit" else "aborted"

    def __repr__(self) -> str:
        return f"<Line: {self.step}, {self.ending.value}>"

    # --- what comes before ----------------------------------------------------------------------

    def delay(self, seconds: float) -> Self:
        """The call takes so long, by the script's clock, before it reaches the server."""
        self.seconds = seconds
        return self

    def turns(self, count: int) -> Self:
        """The call takes so many turns of the event loop; a thread lets others run as often."""
        self.turn_count = count
        return self

    def hang(self) -> Self:
        """The call is held at `gate`, before it reaches the server, until it is let go there.

        Or until its deadline, or until `abort`: then the server never hears of it.
        """
        self.hangs = True
        return self

    # --- how it ends ----------------------------------------------------------------------------

    def fail(self, kind: str | BaseException | None = None, *, leaves: Leaves | None = None) -> Self:
        """The server gets it, does nothing and answers with an error: a kind of `ScriptedError`, or yours.

        With the kind "disconnect" it hangs up. *leaves* says what becomes of an open transaction: by default
        it is aborted, and ended by a COMMIT that fails.
        """
        self.leaves = leaves or self.leaves
        return self._ends(Ending.REFUSED, kind or _BY_DEFAULT.get(self.step, "statement"))

    def not_sent(self, kind: str | BaseException = "disconnect") -> Self:
        """It fails before the first byte is sent."""
        return self._ends(Ending.NOT_SENT, kind)

    def half_done(self) -> Self:
        """The server does it; then the connection breaks, and the caller learns only that."""
        return self._ends(Ending.HALF_DONE, "disconnect")

    def lose_reply(self) -> Self:
        """The server does it, and no answer comes: the call waits for its deadline, or for `abort`.

        Or until it is let go at `gate`: a late answer.
        """
        return self._ends(Ending.NO_REPLY, "disconnect")

    def _ends(self, ending: Ending, error: str | BaseException) -> Self:
        if self.ending is not Ending.SERVED:
            msg = f"this line says already that its calls are {self.ending.value}; write another"
            raise InvalidArgumentError(msg)
        self.error = ScriptedError(error) if isinstance(error, str) else error
        self.ending = ending
        return self

    # --- for the driver -------------------------------------------------------------------------

    @property
    def is_used_up(self) -> bool:
        """Whether it has had its number of calls."""
        return self._passes is not None and not self._passes

    def claims(self, statement: str) -> bool:
        """Whether the line is about this call; a line for so many calls is used up by as many."""
        if self._words is not None and statement.split()[: len(self._words)] != self._words:
            return False
        if self._passes is None:
            return True
        try:
            return self._passes.pop()
        except IndexError:
            return False
