# The source of _sync.py, which tools/print_sync.py prints from it.
"""redis-py's client and its pipeline for a session that is observed.

Whom they report to is known by the session's own pool, for as long as the session lasts: the client serves
one session after another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import redis

from sqlspec_redis.drivers import AsyncPipeline, AsyncRedis, async_is_transaction

from .commands import describe, pipeline_result, pipeline_statement, reported_error

if TYPE_CHECKING:
    from sqlspec.plugin.events import Reporter

__all__ = ("AsyncReportingClient", "AsyncReportingPipeline")


class AsyncReportingClient(AsyncRedis):
    """Reports each command."""

    async def execute_command(self, *arguments: Any, **options: Any) -> Any:
        """Send one command."""
        return await _reported(self, super().execute_command, arguments, options)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> AsyncReportingPipeline:  # noqa: FBT001, FBT002 - redis-py's
        """Queue commands, and send all of them at once."""
        pool: Any = self.connection_pool
        return AsyncReportingPipeline(pool, self.response_callbacks, transaction, shard_hint)


class AsyncReportingPipeline(AsyncPipeline):
    """Reports `execute` as one, and what it sends while it watches."""

    async def immediate_execute_command(self, *arguments: Any, **options: Any) -> Any:
        """Send one command now."""
        return await _reported(self, super().immediate_execute_command, arguments, options)

    async def execute(self, raise_on_error: bool = True) -> list[Any]:  # noqa: FBT001, FBT002 - redis-py's
        """Send what was queued."""
        reporter = _reporter(self)
        stack = self.command_stack
        if reporter is None or not (stack or self.watching):
            return await super().execute(raise_on_error)
        kind = "MULTI" if async_is_transaction(self) else "PIPELINE"
        commands = [describe(arguments) for arguments, _ in stack]
        event = reporter.start(pipeline_statement(kind, commands), "pipeline", verb=kind)
        if event is None:
            return await super().execute(raise_on_error)
        event.batch_size = len(commands)
        parameters = [command.parameters for command in commands]
        try:
            replies = await super().execute(raise_on_error)
        except BaseException as exc:
            reporter.end(event, parameters=parameters, error=reported_error(exc))
            raise
        failed = next((reply for reply in replies if isinstance(reply, redis.ResponseError)), None)
        error = None if failed is None else reported_error(failed)
        reporter.end(event, pipeline_result(commands, replies), parameters=parameters, error=error)
        return replies


async def _reported(client: Any, send: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    reporter = _reporter(client)
    if reporter is None:
        return await send(*arguments, **options)
    command = describe(arguments)
    event = reporter.start(command.statement, "command", verb=command.verb)
    if event is None:
        return await send(*arguments, **options)
    try:
        reply = await send(*arguments, **options)
    except BaseException as exc:
        reporter.end(event, parameters=command.parameters, error=reported_error(exc))
        raise
    reporter.end(event, command.result(reply), parameters=command.parameters)
    return reply


def _reporter(client: Any) -> Reporter | None:
    """None: the session that it was made for has ended."""
    found: Reporter | None = client.connection_pool.reporter
    return found
