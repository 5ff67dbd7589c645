"""Every hook there is.

*Creation hooks* are implemented by adapters. Their arguments hold credentials, so they are never
broadcast: core calls the implementation of the adapter it wants, and no other. A plugin may wrap
them with `hookimpl(wrapper=True)`.

*Observer hooks* are implemented by whoever wants to know. They are called in the caller's thread, get
no credentials, and what they raise is logged once, counted, and changes nothing.

*The source hook* is called on one plugin alone, which the application names. *The hook for commands* is
called by the command line alone, on the opt-in plugins.

An implementation names the arguments it wants, in any order; arguments that it does not name are not
passed. A hook's arguments are final: new facts come as new arguments, which old implementations never see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Sequence

    from sqlspec.config.sources import ConfigSource
    from sqlspec.lending import AsyncPoolLike, PoolLike
    from sqlspec.plugin.events import ConnectionEvent, LeaseEvent, StatementEvent, TransactionEvent

    from ._async import AsyncPooledConnection
    from ._sync import PooledConnection
    from .contract import Resources, SessionOptions
    from .protocols import AsyncConnect, Connect

__all__ = ("PROJECT", "hookimpl", "hookspec")

PROJECT = "sqlspec"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function as the implementation of the hook it is named after."""

# --- creation: an adapter implements one of the first two, the rest have defaults -----------------


@hookspec(firstresult=True)
def sqlspec_create_connection(config: Any, resources: Resources) -> PooledConnection[Any] | None:
    """Open one connection of a sync driver. *resources* keeps what must outlive connections."""


@hookspec(firstresult=True)
def sqlspec_create_async_connection(
    config: Any, resources: Resources
) -> Awaitable[AsyncPooledConnection[Any]] | None:
    """Open one connection of an async driver; usually an `async def`."""


@hookspec(firstresult=True)
def sqlspec_create_pool(config: Any, connect: Connect) -> PoolLike | None:
    """Make the pool that lends what *connect* opens; its errors call the database `connect.label`.

    Default: core's own.
    """


@hookspec(firstresult=True)
def sqlspec_create_async_pool(config: Any, connect: AsyncConnect) -> AsyncPoolLike | None:
    """Make the pool of one event loop, which is running: a plain function. Default: core's own."""


@hookspec(firstresult=True)
def sqlspec_create_session(config: Any, connection: PooledConnection[Any], options: SessionOptions) -> object:
    """Make what `with provide_session()` yields. Default: `sqlspec.Session`."""


@hookspec(firstresult=True)
def sqlspec_create_async_session(
    config: Any, connection: AsyncPooledConnection[Any], options: SessionOptions
) -> object:
    """Make what `async with provide_session()` yields: a plain function. Default: `sqlspec.AsyncSession`."""


# --- observers ------------------------------------------------------------------------------------


@hookspec
def sqlspec_config_registered(name: str, adapter: str) -> None:
    """A config was registered under *name*, or replaced the one that was."""


@hookspec
def sqlspec_config_unregistered(name: str, adapter: str) -> None:
    """A database was unregistered or replaced. Sessions that are open may still report."""


@hookspec
def sqlspec_pool_opened(name: str, adapter: str, kind: str) -> None:
    """A database opened a pool; *kind* is `sync` or `async`."""


@hookspec
def sqlspec_pool_closed(name: str, adapter: str, kind: str) -> None:
    """A pool lends no more."""


@hookspec
def sqlspec_connection_event(event: ConnectionEvent) -> None:
    """A connection was opened, closed, discarded or reclaimed, or could not be opened."""


@hookspec
def sqlspec_lease_event(event: LeaseEvent) -> None:
    """A block borrowed a connection, waited for one in vain, or gave it back."""


@hookspec
def sqlspec_wants_statements() -> bool | None:
    """Asked before each statement, COMMIT and ROLLBACK: whether the other hooks of these shall be called.

    Optional. Nothing is measured while everybody who has one of them says no. On the hot path: be quick.
    """


@hookspec
def sqlspec_statement_started(event: StatementEvent) -> None:
    """A statement is about to run. On the hot path: be quick."""


@hookspec
def sqlspec_statement_paused(event: StatementEvent) -> None:
    """A statement that is read or fed in parts returns to the application for a while: `stream`, `load`."""


@hookspec
def sqlspec_statement_resumed(event: StatementEvent) -> None:
    """It goes on, in the task or thread that asks for more."""


@hookspec
def sqlspec_statement_executed(
    event: StatementEvent, parameters: object, rows: Sequence[object] | None
) -> None:
    """A statement ran, or failed. On the hot path: be quick.

    *parameters* and *rows* are the application's data: who names one of them asks for it. *parameters*: as
    they were passed; of `execute_many`, a list of them; None for a script and a load. *rows*: what was
    returned, as tuples; None for a stream, and for what returns no rows.
    """


@hookspec
def sqlspec_transaction_ending(event: TransactionEvent) -> None:
    """COMMIT or ROLLBACK is about to be sent."""


@hookspec
def sqlspec_transaction_ended(event: TransactionEvent) -> None:
    """A transaction has ended, or nobody knows whether it was committed."""


# --- sources --------------------------------------------------------------------------------------


@hookspec(firstresult=True)
def sqlspec_config_source() -> ConfigSource | None:
    """Make the source that `register_from` reads when it is given this plugin's name."""


# --- the command line -----------------------------------------------------------------------------


@hookspec
def sqlspec_commands() -> Iterable[object] | None:
    """Commands for `sqlspec`, each a `click.Command` with a name."""
