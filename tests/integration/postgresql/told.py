"""All that an exception tells whoever prints, logs or inspects it."""

from __future__ import annotations

import traceback
from typing import Any

__all__ = ("told_by",)


def told_by(exc: BaseException | None) -> str:
    """Texts, representations, notes and attributes of the exception and of all behind it; not `.detail`."""
    said = [] if exc is None else ["".join(traceback.format_exception(exc))]
    seen: set[int] = set()
    while exc is not None and id(exc) not in seen:
        seen.add(id(exc))
        facts: dict[str, Any] = {**getattr(exc, "__dict__", {})}
        facts.pop("detail", None)
        said += [str(exc), repr(exc), repr(exc.args), repr(facts), *getattr(exc, "__notes__", [])]
        exc = exc.__cause__ or exc.__context__
    return "\n".join(said)
