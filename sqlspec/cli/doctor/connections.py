"""The databases themselves: whether each answers, what it is, and whether the pool fits it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sqlspec import AsyncSession
from sqlspec.cli.tables import dialect_name, read_only_of
from sqlspec.errors import SQLSpecError, StatementError

from .finding import Finding
from .servers import QUESTIONS, Questions

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlspec import DatabaseConfig, SQLSpec

__all__ = ("connections",)

MOST_SECONDS = 2.0
"""How far a server's clock may be from ours."""
_TIMEOUT = 5.0
_HERE = ("localhost", "127.0.0.1", "::1", "")


async def connections(spec: SQLSpec) -> AsyncIterator[Finding]:
    """What there is to say of each database."""
    for name in spec.names:
        try:
            seconds = await spec.aping(name, timeout=_TIMEOUT)
        except SQLSpecError as exc:
            yield Finding(
                f"database {name}",
                "problem",
                f"{type(exc).__name__}: {exc}",
                f"Then try: sqlspec ping {name}",
            )
            continue
        yield Finding(f"database {name}", "ok", f"answers after {seconds * 1000:.0f} ms")
        async for finding in _server(spec, name):
            yield finding


async def _server(spec: SQLSpec, name: str) -> AsyncIterator[Finding]:
    config = spec.get_config(name)
    dialect = spec.plugins.adapter(config.adapter).info.dialect
    questions = QUESTIONS.get(dialect_name(dialect))
    if questions is None:
        return
    try:
        async with spec.provide_session(
            name, read_only=read_only_of(spec, name), query_timeout=_TIMEOUT
        ) as session:
            if isinstance(session, AsyncSession):  # pyright: ignore[reportUnnecessaryIsInstance] # of any adapter
                async for finding in _answers(session, name, config, questions):
                    yield finding
    except SQLSpecError as exc:
        yield Finding(f"server of {name}", "problem", f"{type(exc).__name__}: {exc}", "See the message")


async def _answers(
    session: AsyncSession, name: str, config: DatabaseConfig[Any, Any, Any, Any], questions: Questions
) -> AsyncIterator[Finding]:
    version = await session.execute(questions.version).scalar()
    yield Finding(f"server of {name}", "ok", f"version {version}")
    if questions.tls:
        yield _tls(name, config, await _scalar(session, questions.tls))
    if questions.clock:
        before = time.time()
        server = float(await session.execute(questions.clock).scalar())
        yield _clock(name, server - (before + time.time()) / 2)
    if questions.most_connections:
        yield _pool(name, config.pool_size, int(await session.execute(questions.most_connections).scalar()))


async def _scalar(session: AsyncSession, sql: str) -> str | None:
    """None: this server does not say it."""
    try:
        async with session.begin():
            return str(await session.execute(sql).scalar_or_none() or "")
    except StatementError:
        return None


def _tls(name: str, config: Any, version: str | None) -> Finding:
    subject = f"TLS of {name}"
    if version is None:
        return Finding(subject, "ok", "the server does not say whether it is used")
    if version:
        return Finding(subject, "ok", f"used: {version}")
    host = getattr(config, "host", "") or ""
    if host in _HERE or host.startswith("/"):
        return Finding(subject, "ok", "not used; the server is on this machine")
    return Finding(subject, "warning", "not used", f'Write for {name}: ssl_mode = "verify-full"')


def _clock(name: str, ahead: float) -> Finding:
    subject = f"clock of {name}"
    if abs(ahead) <= MOST_SECONDS:
        return Finding(subject, "ok", "agrees with this machine's")
    where = "ahead of" if ahead > 0 else "behind"
    return Finding(
        subject, "warning", f"{abs(ahead):.0f} s {where} this machine's", "Run a time service (NTP) on both"
    )


def _pool(name: str, size: int, most: int) -> Finding:
    subject = f"pool of {name}"
    message = f"pool_size {size} of at most {most} connections"
    if size <= most:
        return Finding(subject, "ok", message)
    return Finding(
        subject,
        "problem",
        message,
        f"Write for {name}: pool_size = {max(1, most // 2)}, or raise max_connections",
    )
