"""In a real terminal: progress, Ctrl-C, narrow width, colours. And where there is none."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from fcntl import ioctl
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .conftest import Run

PROGRAM = (sys.executable, "-W", "error", "-m", "sqlspec")
LONGEST = 60.0
ROWS = 200_000


class Terminal:
    """A command in a terminal of its own, so that Ctrl-C is what the terminal makes of the key."""

    def __init__(self, *words: str, width: int = 80, **environment: str) -> None:
        self.ours, theirs = pty.openpty()
        ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        known = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "COLUMNS"}}
        self.process = subprocess.Popen(
            [*PROGRAM, *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=known | {"TERM": "xterm-256color"} | environment,
            preexec_fn=_take_terminal,  # noqa: PLW1509 - there is one thread
        )
        os.close(theirs)
        self.text = ""

    def read(self, until: Callable[[str], bool] = lambda _: False) -> str:
        """What it writes, until that is so or until its end."""
        deadline = time.monotonic() + LONGEST
        while not until(self.text) and time.monotonic() < deadline:
            if select.select([self.ours], [], [], 0.1)[0]:
                try:
                    self.text += os.read(self.ours, 65536).decode(errors="replace")
                except OSError:  # Linux's way to say that nobody writes any more
                    break
        return self.text

    def press(self, key: bytes) -> None:
        """A key."""
        os.write(self.ours, key)

    def end(self) -> int:
        """Its exit code."""
        self.read()
        return self.process.wait(LONGEST)

    def close(self) -> None:
        """Whatever happened."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        os.close(self.ours)


def _take_terminal() -> None:
    os.setsid()
    ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    """Start commands in terminals."""
    started: list[Terminal] = []

    def start(*words: str, **options: object) -> Terminal:
        started.append(Terminal(*words, **options))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for one in started:
        one.close()


@pytest.fixture
def big(two: Run, folder: Path) -> Run:
    """A file that takes a while to load."""
    with (folder / "big.csv").open("w", encoding="utf-8") as file:
        file.write("id,name\n")
        file.writelines(f"{number},name of {number}\n" for number in range(ROWS))
    return two


def _count(run: Run, name: str) -> str:
    return str(run("query", name, "SELECT count(*) AS n FROM items", "-f", "csv").stdout)


def test_a_load_shows_its_progress(big: Run, terminal: Callable[..., Terminal]) -> None:
    """How much, how fast and how long yet; the bar is gone at the end."""
    loading = terminal("load", "main", "items", "big.csv")

    assert loading.end() == 0, loading.text
    assert re.search(r"\d+% .*[\d,]+ rows, [\d,]+/s.*\d:\d\d", _plain(loading.text))
    assert f"loaded {ROWS} rows" in loading.text.splitlines()[-1]
    assert _count(big, "main") == f"n\n{ROWS}\n"


@pytest.mark.parametrize("name", ["main", "other"])
@pytest.mark.parametrize("what", ["load", "copy"])
def test_ctrl_c_changes_nothing(big: Run, terminal: Callable[..., Terminal], name: str, what: str) -> None:
    """Exit code 130, one line of what became of it, and no traceback."""
    words: tuple[str, ...]
    if what == "load":
        words = ("load", name, "items", "big.csv")
    else:
        source = "other" if name == "main" else "main"
        assert big("load", source, "items", "big.csv").exit_code == 0
        words = ("copy", f"{source}:items", f"{name}:items")
    running = terminal(*words)
    running.read(lambda text: " rows, " in text)

    running.press(b"\x03")

    assert running.end() == 130, running.text
    assert "Traceback" not in running.text
    assert f"nothing was changed in {name}:items" in running.text
    assert _count(big, name) == "n\n0\n"


def test_a_narrow_terminal_gets_records(two: Run, terminal: Callable[..., Terminal]) -> None:
    """A line for each value, because a row does not fit; a wide one gets a table."""
    assert two("query", "main", "--write", f"INSERT INTO items VALUES (1, '{'x' * 60}')").exit_code == 0
    words = ("query", "main", "SELECT * FROM items")

    narrow, wide = terminal(*words, width=40, NO_COLOR="1"), terminal(*words, width=100, NO_COLOR="1")

    assert narrow.end() == wide.end() == 0
    lines = _plain(narrow.text).splitlines()
    assert lines[0].split() == ["id", "1"]
    assert lines[1].startswith("name  xxx")
    assert _plain(wide.text).splitlines()[0] == "id  name"


@pytest.mark.parametrize("width", [10, 20, 40])
@pytest.mark.usefixtures("big")
def test_progress_fits_any_width(terminal: Callable[..., Terminal], width: int) -> None:
    """No error, and no line that is longer than the terminal."""
    loading = terminal("load", "main", "items", "big.csv", width=width)

    assert loading.end() == 0, loading.text
    bars = [line for line in re.split(r"[\r\n]", _plain(loading.text)) if "%" in line or " rows," in line]
    assert all(len(line) <= width for line in bars), bars


@pytest.mark.usefixtures("two")
def test_colours_only_where_they_are_wanted(terminal: Callable[..., Terminal]) -> None:
    """In a terminal, and not if NO_COLOR says so."""
    coloured = terminal("doctor", width=200)
    assert coloured.end() == 0
    plain = terminal("doctor", width=200, NO_COLOR="1")
    assert plain.end() == 0

    green = re.compile(r"\x1b\[(?:\d+;)*32m")
    assert green.search(coloured.text)
    assert not green.search(plain.text)


@pytest.mark.usefixtures("big")
def test_without_a_terminal_there_is_no_progress(folder: Path) -> None:
    """One line at the end."""
    done = subprocess.run(
        [*PROGRAM, "load", "main", "items", "big.csv"], capture_output=True, text=True, check=True, cwd=folder
    )

    assert done.stdout == ""
    assert re.fullmatch(rf"loaded {ROWS} rows in [\d.]+ s\n", done.stderr)


@pytest.mark.parametrize("form", ["table", "csv", "json"])
@pytest.mark.usefixtures("two")
def test_a_reader_who_leaves_early_is_no_error(folder: Path, form: str) -> None:
    """As `head` does: nothing is said, and nothing is wrong."""
    sql = "SELECT range AS a, repeat('x', 1000) AS b FROM range(100000)"
    running = subprocess.Popen(
        [*PROGRAM, "query", "other", sql, "-f", form],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
    )
    with running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.read(10)
        running.stdout.close()
        said = running.stderr.read()

    assert running.returncode == 0
    assert b"rror" not in said


def test_without_the_extra_it_says_what_to_type(folder: Path) -> None:
    """And exits with 2, whichever of the two is missing."""
    for missing in ("click", "rich"):
        code = f"import sys; sys.modules[{missing!r}] = None; from sqlspec.cli import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=folder
        )

        assert (done.returncode, done.stdout) == (2, "")
        assert "pip install 'click>=8.2' 'rich>=13.7'" in done.stderr
        assert "Traceback" not in done.stderr


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
