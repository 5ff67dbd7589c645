"""Print the sync half of everything that waits.

What waits is written once, in `_async.py`; `_sync.py` beside it is printed from it, and
`test_*_sync.py` from `test_*_async.py`. `async` and `await` are dropped and names are changed by
the table below: in code, in plain strings and in comments, one line for each line. Nothing else
is touched, so a traceback's line is the same in both files. With `--check` nothing is written, and
it fails if a committed file is not, byte for byte, what would be printed.

An f-string is copied as it stands, and one that holds a name to change is an error: before
Python 3.12 its inside is not tokens, and the output must not depend on who prints it.
"""

from __future__ import annotations

import argparse
import re
import sys
import tokenize
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PLACES = ("sqlspec", "adapters", "testkit", "tests")
# Pattern of a name -> its sync spelling. The first three are families, the others single names.
RULES = {
    r"Async(?=[A-Z])(?!My)": "",  # AsyncSession, FakeAsyncConnection; asyncmy is a driver
    r"\basync_|(?<=_)async_": "",  # async_session, sqlspec_create_async_connection
    r"_async\b": "_sync",  # the modules themselves
    r"\b__aenter__\b": "__enter__",
    r"\b__aexit__\b": "__exit__",
    r"\b__aiter__\b": "__iter__",
    r"\b__anext__\b": "__next__",
    r"\baclose\b": "close",
    r"\bafetch_password\b": "fetch_password",
    r"\baping\b": "ping",
}
PATTERN = re.compile("|".join(f"({pattern})" for pattern in RULES))
SPELLINGS = tuple(RULES.values())
KEYWORD = re.compile(r"\b(async|await)\b")
LEFT_OVER = re.compile(r"async(?!pg|my)", re.IGNORECASE)


class PrintError(Exception):
    """The source can not be printed; the text says where and why."""


class Piece(NamedTuple):
    """A part of the source that may hold a name: where it starts and ends, and its line."""

    kind: str  # NAME, TEXT (a plain string or a comment) or FSTRING
    start: int
    end: int
    line: int


def pieces(source: str) -> Iterator[Piece]:
    """All that may hold a name, the same on every Python."""
    starts = [0]
    for line in StringIO(source):
        starts.append(starts[-1] + len(line))
    opened: list[int] = []
    for token in tokenize.generate_tokens(StringIO(source).readline):
        kind = tokenize.tok_name[token.type]
        start = starts[token.start[0] - 1] + token.start[1]
        if kind == "FSTRING_START":
            opened.append(start)
        elif kind == "FSTRING_END":
            kind, start = "FSTRING", opened.pop()
        if kind == "STRING":
            kind = "FSTRING" if "f" in re.split("['\"]", token.string)[0].lower() else "TEXT"
        if kind in {"NAME", "COMMENT", "TEXT", "FSTRING"} and not opened:
            end = starts[token.end[0] - 1] + token.end[1]
            yield Piece("TEXT" if kind == "COMMENT" else kind, start, end, token.start[0])


def renamed(text: str, used: set[int]) -> str:
    """*text* with every name in its sync spelling; the numbers of the rules go to *used*."""

    def spelling(found: re.Match[str]) -> str:
        rule = (found.lastindex or 0) - 1
        used.add(rule)
        return SPELLINGS[rule]

    return PATTERN.sub(spelling, text)


def sync_piece(kind: str, text: str, used: set[int]) -> str:
    """What stands in the printed file for one piece."""
    if kind == "FSTRING":
        if KEYWORD.search(text) or PATTERN.search(text):
            message = "a name to change inside an f-string; give it a variable outside"
            raise PrintError(message)
        return text
    new = renamed(text, used)
    if kind == "NAME" and LEFT_OVER.search(new):
        message = f"{text!r} has no sync spelling; add a rule, or move it to where the two sides differ"
        raise PrintError(message)
    return new


def print_sync(source: str, name: str, used: set[int]) -> str:
    """The sync half of *source*, the text of the file *name*."""
    if not source.startswith("#"):
        message = f"{name}:1: the first line must be a comment; the printed file's tells its origin"
        raise PrintError(message)
    printed = [f"# Printed from {name} by tools/print_sync.py; do not edit."]
    done = source.index("\n")
    for kind, start, end, line in pieces(source):
        if start < done:
            continue
        text = source[start:end]
        printed.append(source[done:start])
        if kind == "NAME" and KEYWORD.fullmatch(text):
            done = end + (source[end] == " ")
            continue
        try:
            printed.append(sync_piece(kind, text, used))
        except PrintError as error:
            message = f"{name}:{line}: {error}"
            raise PrintError(message) from None
        done = end
    result = "".join([*printed, source[done:]])
    if result.count("\n") != source.count("\n"):  # a traceback's line must lead to the source
        message = f"{name}: the printed file has other lines than its source"
        raise PrintError(message)
    return result


def sources(root: Path) -> Iterator[tuple[Path, Path]]:
    """Each file that is a source, and the file printed from it."""
    for place in PLACES:
        for pattern in ("_async.py", "test_*_async.py"):
            for path in sorted((root / place).rglob(pattern)):
                yield path, path.with_name(path.name.removesuffix("_async.py") + "_sync.py")


def problems(root: Path, *, write: bool) -> Iterator[str]:
    """Print everything, or only compare; yields what is wrong, a line each."""
    used: set[int] = set()
    for path, target in sources(root):
        try:
            text = print_sync(path.read_text("utf-8"), path.name, used).encode()
        except PrintError as error:
            yield f"{path.parent.relative_to(root)}/{error}"
            continue
        if target.is_file() and target.read_bytes() == text:
            continue
        if write:
            target.write_bytes(text)
        else:
            yield f"{target.relative_to(root)}: not what its source prints; run python tools/print_sync.py"
    for number, rule in enumerate(RULES):
        if number not in used:
            yield f"tools/print_sync.py: no source needs the rule {rule}"


def main() -> int:
    """Exit 0 if every printed file is (now) right, else 1."""
    parser = argparse.ArgumentParser(description="Print the sync files from their async sources.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file would change")
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository")
    arguments = parser.parse_args()
    found = list(problems(arguments.root, write=not arguments.check))
    sys.stderr.writelines(f"{problem}\n" for problem in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
