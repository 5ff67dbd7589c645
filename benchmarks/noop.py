"""An adapter that talks to nobody, so that all that is measured is core. The module is the plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sqlspec import AsyncSession, DatabaseConfig, Session, SQLSpec
from sqlspec.plugin import (
    AdapterInfo,
    AsyncConnection,
    Capability,
    Connection,
    RawResult,
    TransactionStatus,
    hookimpl,
)

if TYPE_CHECKING:
    from sqlspec.plugin import Parameters, Resources, TransactionOptions

ADAPTER = AdapterInfo(
    name="noop",
    config_type="benchmarks.noop:NoopConfig",
    capabilities=frozenset({Capability.SYNC, Capability.ASYNC, Capability.TRANSACTIONS}),
)
NOTHING = RawResult()
IDLE = TransactionStatus.IDLE


class NoopConfig(DatabaseConfig[Session, AsyncSession, object, object], frozen=True, kw_only=True):
    """A database that is not there."""

    adapter: ClassVar[str] = "noop"


class NoopConnection(Connection[object]):
    """Always idle, always clean."""

    def execute(self, statement: str, parameters: Parameters, deadline: float | None) -> RawResult:  # noqa: ARG002
        """Return nothing."""
        return NOTHING

    def begin(self, options: TransactionOptions, deadline: float | None) -> None:
        """Nothing."""

    def commit(self, deadline: float | None) -> None:
        """Nothing."""

    def rollback(self, deadline: float | None) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""

    def interrupt(self, *, for_good: bool) -> None:
        """Nothing."""

    def map_error(self, exc: Exception) -> None:
        """Nothing is the driver's."""

    @property
    def transaction_status(self) -> TransactionStatus:
        """Idle."""
        return IDLE

    def is_pristine(self) -> bool:
        """Yes."""
        return True


class AsyncNoopConnection(AsyncConnection[object]):
    """Always idle, always clean."""

    async def execute(self, statement: str, parameters: Parameters, deadline: float | None) -> RawResult:  # noqa: ARG002
        """Return nothing."""
        return NOTHING

    async def begin(self, options: TransactionOptions, deadline: float | None) -> None:
        """Nothing."""

    async def commit(self, deadline: float | None) -> None:
        """Nothing."""

    async def rollback(self, deadline: float | None) -> None:
        """Nothing."""

    async def close(self) -> None:
        """Nothing."""

    def interrupt(self, *, for_good: bool) -> None:
        """Nothing."""

    def map_error(self, exc: Exception) -> None:
        """Nothing is the driver's."""

    @property
    def transaction_status(self) -> TransactionStatus:
        """Idle."""
        return IDLE

    def is_pristine(self) -> bool:
        """Yes."""
        return True


@hookimpl
def sqlspec_create_connection(config: NoopConfig, resources: Resources) -> NoopConnection:  # noqa: ARG001
    """Make a connection to nobody."""
    return NoopConnection(None)


@hookimpl
async def sqlspec_create_async_connection(config: NoopConfig, resources: Resources) -> AsyncNoopConnection:  # noqa: ARG001
    """Make a connection to nobody."""
    return AsyncNoopConnection(None)


def noop_spec() -> SQLSpec:
    """A registry that knows this adapter."""
    import sys

    spec = SQLSpec()
    spec.plugins.register(sys.modules[__name__])
    return spec
