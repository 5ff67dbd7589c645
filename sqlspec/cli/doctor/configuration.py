"""The configuration: where it is, whether it is right, and who may read it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sqlspec.errors import ConfigSourceError, SQLSpecError

from .finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlspec import SQLSpec
    from sqlspec.cli.found import Found

__all__ = ("opened", "permissions")

_OTHERS = 0o077
_MASK = "***"


def opened(found: Found) -> tuple[SQLSpec | None, list[Finding]]:
    """The registry, None if it can not be made, and what there is to say about it."""
    try:
        spec = found.registry()
    except ConfigSourceError as exc:
        return None, [
            Finding("configuration", "problem", str(one), f"Correct it, then: sqlspec check {found.place}")
            for one in exc.exceptions
        ]
    except SQLSpecError as exc:
        return None, [Finding("configuration", "problem", f"{type(exc).__name__}: {exc}", "See the message")]
    return spec, [Finding("configuration", "ok", f"{found.place} ({found.reason}): {', '.join(spec.names)}")]


def permissions(found: Found, spec: SQLSpec) -> Iterator[Finding]:
    """Whether others may read a file of configs that have a password."""
    if os.name != "posix" or not _has_secret(spec):
        return
    for path in found.paths:
        yield _file(path)


def _file(path: Path) -> Finding:
    subject = f"file {path.name}"
    if path.stat().st_mode & _OTHERS:
        return Finding(
            subject, "warning", "others may read it, and there are passwords", f"Type: chmod 600 {path}"
        )
    return Finding(subject, "ok", "only its owner may read it")


def _has_secret(spec: SQLSpec) -> bool:
    return any(_MASK in repr(config) for config in spec.configs.values())
