"""What is installed: versions, API levels, drivers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlspec import __version__
from sqlspec.errors import AdapterBlockedError, AdapterError

from .finding import Finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlspec import SQLSpec

__all__ = ("installed",)


def installed(spec: SQLSpec, used: Collection[str]) -> Iterator[Finding]:
    """Core, and every adapter. One that is broken is a problem if a database uses it."""
    yield Finding("sqlspec", "ok", __version__)
    adapters = list(dict.fromkeys(one.name for one in spec.plugins if one.kind == "adapter"))
    if not adapters:
        yield Finding("adapters", "problem", "none is installed", "Type: pip install 'sqlspec-sqlite>=1.0'")
    for name in adapters:
        yield _adapter(spec, name, is_used=name in used)


def _adapter(spec: SQLSpec, name: str, *, is_used: bool) -> Finding:
    subject = f"adapter {name}"
    try:
        adapter = spec.plugins.adapter(name)
        error: AdapterError | None = spec.plugins.unusable_driver(name)
    except AdapterBlockedError as exc:
        return Finding(
            subject, "problem" if is_used else "ok", str(exc) if is_used else "blocked, and not used"
        )
    except AdapterError as exc:
        error, adapter = exc, None
    if error is not None or adapter is None:
        advice = "See the message" if is_used else "No database uses it; else see the message"
        return Finding(subject, "problem" if is_used else "warning", str(error), advice)
    return Finding(subject, "ok", f"{adapter.distribution} {adapter.version}, adapter API {adapter.info.api}")
