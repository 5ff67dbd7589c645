"""The blocks that lend: `with` and `async with` around a session or a driver's connection.

A block finds its pool when it is entered, not when it is written down, and looks again when the pool it
found was retired meanwhile by an override.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from ._async import AsyncConnectionBlock, AsyncSessionBlock
from ._sync import ConnectionBlock, SessionBlock

__all__ = ("AsyncConnectionBlock", "AsyncSessionBlock", "EitherConnectionBlock", "EitherSessionBlock")

S_co = TypeVar("S_co", covariant=True)
A_co = TypeVar("A_co", covariant=True)


# Two Struct bases fit, because neither adds a field to the one that they share.
class EitherSessionBlock(SessionBlock[S_co], AsyncSessionBlock[A_co], Generic[S_co, A_co]):
    """`with` or `async with` lends a session."""

    async def reserve(self) -> None:
        """Wait in the running event loop, without a thread, until `with` needs not wait for the pool.

        For programs whose event loop hands this block to a thread: a caller that waits must not occupy
        a thread that another needs to give one back. Enter the block with `with`, in any thread, or call
        `cancel_reservation`. Raises `PoolTimeoutError` as the block itself would.
        """
        await self._reserve()

    def cancel_reservation(self) -> None:
        """Give back what was reserved, when the block is not entered after all."""
        self._cancel_reservation()


class EitherConnectionBlock(ConnectionBlock[S_co], AsyncConnectionBlock[A_co], Generic[S_co, A_co]):
    """`with` or `async with` lends the driver's own connection, in autocommit mode."""

    async def reserve(self) -> None:
        """As of a session's block: wait for the pool in the event loop, before a thread enters the block."""
        await self._reserve()

    def cancel_reservation(self) -> None:
        """Give back what was reserved, when the block is not entered after all."""
        self._cancel_reservation()
