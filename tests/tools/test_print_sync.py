"""The printer of sync files: what it changes, what it leaves, and what it refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools import print_sync as printer

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "# Printed from _async.py by tools/print_sync.py; do not edit.\n"
FIRST = "# The source of _sync.py.\n"


def printed(source: str) -> str:
    """The body of what is printed for a dedented source."""
    text = printer.print_sync(FIRST + dedent(source), "_async.py", set())
    assert text.startswith(HEADER)
    return text.removeprefix(HEADER)


def write(root: Path, source: str, name: str = "sqlspec/pool/_async.py") -> Path:
    """A source file below *root*."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(FIRST + dedent(source), "utf-8")
    return path


def complaints(root: Path, *, write: bool = True) -> list[str]:
    """What the printer says of a tree, but for the rules that so small a tree does not need."""
    return [line for line in printer.problems(root, write=write) if "no source needs" not in line]


def test_keywords_go_and_names_change() -> None:
    """Every `async` and `await` is dropped, every name of the table has its sync spelling."""
    source = """
        from sqlspec.pool._async import AsyncPool

        class AsyncThing:
            async def __aenter__(self) -> AsyncIterator[int]:
                async with self.pool as pool:
                    async for item in pool:
                        yield await item.read()
                await (await self.find()).aclose()

            async def __aexit__(self, *_: object) -> None:
                raise StopAsyncIteration from sqlspec_create_async_pool(FakeAsyncConnection)
    """
    expected = """
        from sqlspec.pool._sync import Pool

        class Thing:
            def __enter__(self) -> Iterator[int]:
                with self.pool as pool:
                    for item in pool:
                        yield item.read()
                (self.find()).close()

            def __exit__(self, *_: object) -> None:
                raise StopIteration from sqlspec_create_pool(FakeConnection)
    """

    assert printed(source) == dedent(expected)


def test_strings_and_comments_follow_but_prose_stays() -> None:
    """Names in plain strings, docstrings and comments change; the words async and await there do not."""
    source = '''
        """AsyncPool: an async pool; callers await it."""
        x = cast("AsyncPool[int]", r'aclose')  # never across an await: AsyncPool
    '''
    expected = '''
        """Pool: an async pool; callers await it."""
        x = cast("Pool[int]", r'close')  # never across an await: Pool
    '''

    assert printed(source) == dedent(expected)


def test_names_that_only_look_alike_are_left_alone() -> None:
    """Parts of words and drivers' names are no rule's business."""
    source = "from asyncpg import AsyncMyConfig, enclose, disclose\nunawaited = asyncmy = reopen\n"

    assert printed(source) == source


@pytest.mark.parametrize("inside", ["{await x}", "{AsyncPool}", "{x!r:>{self.aclose}}", "async with"])
def test_a_name_inside_an_fstring_is_refused(inside: str) -> None:
    """Before 3.12 an f-string is one token; the output must not depend on who prints."""
    with pytest.raises(printer.PrintError, match=r"^_async\.py:3: a name to change inside an f-string"):
        printed(f'x = 1\ny = rf"{inside}"\n')


def test_a_harmless_fstring_is_copied() -> None:
    """Nested quotes, formats and letters beyond ASCII come out as they went in."""
    source = """x = f"… {y!r:>{10}} {{}} {f'in{x}'}" 'é' f''; await_ = F'''\n{y}\n'''\n"""

    assert printed(source) == source


def test_a_name_without_a_rule_is_refused() -> None:
    """What would stay async in the sync file is an error with its line, not a surprise."""
    with pytest.raises(printer.PrintError, match=r"^_async\.py:3: 'asyncio' has no sync spelling"):
        printed("x = 1\nimport asyncio\n")


def test_the_first_line_must_be_a_comment() -> None:
    """Its place is needed for the printed file's header."""
    with pytest.raises(printer.PrintError, match="first line must be a comment"):
        printer.print_sync("x = 1\n", "_async.py", set())


def test_sources_are_found_beside_their_printed_files(tmp_path: Path) -> None:
    """Modules named `_async.py` and tests named `test_*_async.py`, wherever they lie; nothing else."""
    for name in (
        "sqlspec/pool/_async.py",
        "testkit/src/kit/_async.py",
        "adapters/a/tests/test_x_async.py",
        "tests/test_y_async.py",
        "sqlspec/pool/wait_async.py",
        "elsewhere/_async.py",
    ):
        write(tmp_path, "x = 1\n", name)

    assert not complaints(tmp_path)

    made = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*_sync.py")}
    assert made == {
        "sqlspec/pool/_sync.py",
        "testkit/src/kit/_sync.py",
        "adapters/a/tests/test_x_sync.py",
        "tests/test_y_sync.py",
    }


def test_check_writes_nothing_and_sees_every_difference(tmp_path: Path) -> None:
    """A missing file, then one changed byte: named, and left as they are."""
    target = write(tmp_path, "x = 1\n").with_name("_sync.py")

    assert complaints(tmp_path, write=False)
    assert not target.exists()

    assert not complaints(tmp_path)
    assert not complaints(tmp_path, write=False)
    target.write_bytes(target.read_bytes().replace(b"\n", b"\r\n"))
    assert complaints(tmp_path, write=False) == [
        "sqlspec/pool/_sync.py: not what its source prints; run python tools/print_sync.py"
    ]
    assert b"\r\n" in target.read_bytes()


def test_a_bad_source_names_its_path_and_the_others_are_printed(tmp_path: Path) -> None:
    """One error does not hide the rest."""
    write(tmp_path, "import asyncio\n", "sqlspec/a/_async.py")
    good = write(tmp_path, "x = 1\n", "sqlspec/b/_async.py")

    assert [line.split(":")[0] for line in complaints(tmp_path)] == ["sqlspec/a/_async.py"]
    assert good.with_name("_sync.py").exists()


def test_a_rule_that_nothing_needs_is_an_error(tmp_path: Path) -> None:
    """The table holds what the sources use, no more."""
    write(tmp_path, "await pool.aclose()\n")

    unused = [line for line in printer.problems(tmp_path, write=True) if "no source needs" in line]

    assert len(unused) == len(printer.RULES) - 1
    assert not any("aclose" in line for line in unused)


FRAGMENTS = st.sampled_from(
    [
        "await x.aclose()",
        "async with a as b: pass",
        "async for a in b: await a",
        "x = '…AsyncPool'  # AsyncPool",
        'x = """a\n  await AsyncPool\n"""',
        "x = f'{y:>{z}}…'",
        "x = (await\n    y)",
        "raise StopAsyncIteration",
        "",
    ]
)


@given(st.lists(FRAGMENTS, min_size=1))
def test_any_source_keeps_its_lines_and_stays_python(fragments: list[str]) -> None:
    """As many lines as the source, no keyword left in code, and it compiles."""
    body = "\n".join(fragments).replace("\n", "\n    ")
    source = f"async def f(a, b, x, y, z):\n    {body}\n    return None\n"

    result = printed(source)

    assert result.count("\n") == source.count("\n")
    compile(result, "_sync.py", "exec")  # outside an async function a keyword left over is an error


def run(python: str, *arguments: str) -> bool:
    """Whether this interpreter is here and ran; a version manager's shim wants to be told its version."""
    environment = os.environ | {"PYENV_VERSION": python.removeprefix("python")}
    try:
        done = subprocess.run([python, *arguments], capture_output=True, check=False, env=environment)
    except FileNotFoundError:
        return False
    return done.returncode == 0


@pytest.mark.parametrize("python", ["python3.11", "python3.12", "python3.13"])
def test_every_python_prints_the_same(python: str, tmp_path: Path) -> None:
    """Strings are tokenised differently since 3.12; the output must not tell."""
    if not run(python, "-c", ""):
        pytest.skip(f"{python} is not on this machine")
    source = """
        async def f(self):
            é = f"ünïcode … {x!r:>{10}} {f'in{x}'}"; y = await  self.aclose("…", f"a{x}b"); z = "AsyncPool"
            x = f'''{
                y}''' rf"\\{y}" "AsyncPool" ; await y  # AsyncPool
    """
    target = write(tmp_path, source).with_name("_sync.py")

    run(python, printer.__file__, "--root", str(tmp_path))

    assert target.read_text("utf-8") == HEADER + printed(source)


def test_the_command_fails_with_reasons(tmp_path: Path) -> None:
    """Exit 1 and a line for each problem on stderr."""
    write(tmp_path, "import asyncio\n")

    done = subprocess.run(
        [sys.executable, printer.__file__, "--root", str(tmp_path), "--check"],
        capture_output=True,
        check=False,
        text=True,
    )

    assert done.returncode == 1
    assert "sqlspec/pool/_async.py:2: 'asyncio' has no sync spelling" in done.stderr
