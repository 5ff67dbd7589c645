"""What `import sqlspec` costs a fresh interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from .harness import Row, Spread, spread_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .harness import Bench, Round

BARE, CORE, IN_USE, PEER = "pass", "import sqlspec", "in use", "import sqlalchemy"
PROGRAMS = {
    BARE: BARE,
    CORE: CORE,
    IN_USE: "import sqlspec; sqlspec.SQLSpec().register_config('sqlite://')",
    PEER: PEER,
}
COUNT = "import sqlspec, sys; print(len(sys.modules))"


def rows(bench: Bench) -> list[Row]:
    """Milliseconds over an interpreter that does nothing."""
    for program in PROGRAMS.values():
        milliseconds(program)  # writes the bytecode
    rounds = [
        {name: milliseconds(program) for name, program in PROGRAMS.items()}
        for _ in range(min(21, bench.rounds))
    ]
    modules = float(subprocess.run([sys.executable, "-c", COUNT], check=True, capture_output=True).stdout)
    return [
        Row("import sqlspec, over bare Python", _over_bare(rounds, CORE), "ms", 45.0),
        Row("modules in all after it", Spread(modules, modules, modules), "", 120),
        Row("… and a SQLite database registered by URL", _over_bare(rounds, IN_USE), "ms"),
        Row("import sqlalchemy, over bare Python", _over_bare(rounds, PEER), "ms"),
    ]


def milliseconds(program: str) -> float:
    """Processor time of one fresh interpreter, to its end."""
    child = os.posix_spawn(sys.executable, [sys.executable, "-c", program], os.environ)
    _, status, usage = os.wait4(child, 0)
    if status:
        raise SystemExit(f"python -c {program!r} failed")
    return (usage.ru_utime + usage.ru_stime) * 1e3


def _over_bare(rounds: Iterable[Round], name: str) -> Spread:
    return spread_of(one[name] - one[BARE] for one in rounds)
