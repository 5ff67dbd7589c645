"""How many Python functions of ours one use of the library calls, and in how many files: no clock, no noise.

    python tools/trace_calls.py [walk ...] [--calls]

`--calls` lists each call in its order. The limits are the project's: a test holds the walks to them.
"""

from __future__ import annotations

import argparse
import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sqlspec import SQLSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

ROOT = Path(__file__).parents[1]


class Walk(NamedTuple):
    """What one use of the library called."""

    calls: list[tuple[str, str]]
    """File and function, in order."""

    @property
    def files(self) -> set[str]:
        """The files that were entered."""
        return {file for file, _ in self.calls}


class Limit(NamedTuple):
    """The most that a walk may need."""

    calls: int
    files: int


def trace(use: Callable[[], object]) -> Walk:
    """Call *use* and note every Python function of this repository that runs meanwhile."""
    calls: list[tuple[str, str]] = []
    roots = (f"{ROOT / 'sqlspec'}/", f"{ROOT / 'adapters'}/")

    def note(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(roots):
            calls.append((str(Path(code.co_filename).relative_to(ROOT)), code.co_qualname))

    gc.disable()  # a finaliser is no part of the walk
    sys.setprofile(note)
    try:
        use()
    finally:
        sys.setprofile(None)
        gc.enable()
    return Walk(calls)


# --- the walks --------------------------------------------------------------------------------------


def session_on_sqlite() -> Walk:
    """A warm session: BEGIN, one statement, COMMIT, the connection back in its pool."""
    return _on_sqlite(autocommit=False)


def autocommit_on_sqlite() -> Walk:
    """A warm session without a transaction."""
    return _on_sqlite(autocommit=True)


def _on_sqlite(*, autocommit: bool) -> Walk:
    from sqlspec.adapters.sqlite import SQLiteConfig

    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(autocommit=autocommit), "main")

        def use() -> None:
            with spec.provide_session("main") as session:
                session.execute("SELECT 1").scalar()

        for _ in range(3):
            use()
        return trace(use)


def first_use_of_a_url() -> Walk:
    """A URL is registered and a session opened, with the adapter's plugin imported before."""
    with SQLSpec() as other:
        other.register_config("sqlite://", "other")
        with other.provide_session() as session:
            session.execute("SELECT 1").scalar()

        def use() -> None:
            with SQLSpec() as spec:
                spec.register_config("sqlite://", "main")
                with spec.provide_session("main") as session:
                    session.execute("SELECT 1").scalar()

        return trace(use)


WALKS: dict[str, tuple[Callable[[], Walk], Limit]] = {
    "session": (session_on_sqlite, Limit(calls=24, files=8)),
    "autocommit": (autocommit_on_sqlite, Limit(calls=14, files=7)),
    "url": (first_use_of_a_url, Limit(calls=360, files=44)),
}


def lines(name: str, walk: Walk, limit: Limit, *, with_calls: bool) -> Iterator[str]:
    """What is printed of one walk."""
    counts = (
        f"{len(walk.calls)} calls (at most {limit.calls}) in {len(walk.files)} files (at most {limit.files})"
    )
    yield f"{name}: {counts}"
    if with_calls:
        yield from (f"    {file}: {function}" for file, function in walk.calls)


def main() -> int:
    """Exit 0 if every walk is within its limit, else 1."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("walks", nargs="*", metavar="walk", help=f"one of {', '.join(WALKS)}; all by default")
    parser.add_argument("--calls", action="store_true", help="list each call in its order")
    options = parser.parse_args()
    unknown = [name for name in options.walks if name not in WALKS]
    if unknown:
        parser.error(f"no walk {unknown[0]!r}; there are {', '.join(WALKS)}")
    is_fine = True
    for name in options.walks or WALKS:
        make, limit = WALKS[name]
        walk = make()
        is_fine &= len(walk.calls) <= limit.calls and len(walk.files) <= limit.files
        sys.stdout.writelines(f"{line}\n" for line in lines(name, walk, limit, with_calls=options.calls))
    return 0 if is_fine else 1


if __name__ == "__main__":
    sys.exit(main())
