"""`python -m benchmarks`: measure, print a table, and with `--check` fail on a missed budget."""

from __future__ import annotations

import argparse
import os
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from .harness import Bench
from .report import print_table, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .harness import Row

# Topic -> module. Those that import peers come last: a large process makes small ones' figures worse.
TOPICS = {
    "machine": "machine",
    "import": "importing",
    "hooks": "hooks",
    "registry": "registry",
    "pool": "pool",
    "placeholders": "placeholders",
    "rows": "rows",
    "load": "loading",
    "prometheus": "prometheus",
    "sqlite": "sqlite_sync",
    "sqlite-async": "sqlite_async",
    "duckdb": "duckdb_sync",
    "postgresql-asyncpg": "postgresql_asyncpg",
    "postgresql-psycopg": "postgresql_psycopg",
    "mysql": "mysql",
    "redis": "redis_sessions",
    "observing": "observing",
    "opentelemetry": "traced",
    "pool-peers": "pool_peers",
    "web": "web",
    "growth-configs": "growth.configs",
    "growth-tasks": "growth.tasks",
    "growth-rows": "growth.lines",
    "growth-texts": "growth.texts",
    "growth-threads": "growth.threads",
}
FULL = Bench(rounds=101, turn=0.005)
QUICK = Bench(rounds=9, turn=0.004)

# Otherwise glibc returns large buffers to the kernel or does not, depending on what else was imported.
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "4000000", "MALLOC_TRIM_THRESHOLD_": "16000000"}


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit 1 when a budget is missed")
    parser.add_argument("--only", action="append", choices=TOPICS, metavar="NAME", help=", ".join(TOPICS))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE too")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: a look, not a verdict")
    return parser.parse_args()


def settle_allocator() -> None:
    """Start again with fixed thresholds: glibc reads them once, before Python runs."""
    if not ALLOCATOR.items() <= os.environ.items():
        command = [sys.executable, "-m", "benchmarks", *sys.argv[1:]]
        os.execve(sys.executable, command, os.environ | ALLOCATOR)  # noqa: S606 - this very program


def stay_on_one_processor() -> None:
    """No wake-ups across processors: what is left is what the work costs."""
    if sys.platform == "linux":
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def measure(topic: str, bench: Bench) -> list[Row]:
    """The rows of one topic."""
    started = time.monotonic()
    print(f"{topic} … ", end="", file=sys.stderr, flush=True)
    rows: Sequence[Row] = import_module(f".{TOPICS[topic]}", __package__).rows(bench)
    print(f"{time.monotonic() - started:.1f} s", file=sys.stderr)
    return list(rows)


def main() -> int:
    """Exit 0, or 1 with `--check` and a missed budget."""
    options = parsed()
    settle_allocator()
    stay_on_one_processor()
    bench = QUICK if options.quick else FULL
    topics = {topic: measure(topic, bench) for topic in options.only or TOPICS}
    print_table(topics)
    if options.json:
        write_json(options.json, topics)
    is_missed = any(row.is_missed for rows in topics.values() for row in rows)
    return 1 if options.check and is_missed else 0


if __name__ == "__main__":
    sys.exit(main())
