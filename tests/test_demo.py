"""The demo does what it says, and its comparison is a real one."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec import SQLSpec

DEMO = Path(__file__).parents[1] / "examples" / "airports.py"


def _imported() -> Any:
    found = spec_from_file_location("airports", DEMO)
    assert found is not None
    assert found.loader is not None
    # Dataclasses look up the annotations of their fields in `sys.modules`.
    sys.modules["airports"] = module = module_from_spec(found)
    found.loader.exec_module(module)
    return module


demo = _imported()


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo sets a variable for its file; here it is taken back."""
    monkeypatch.setenv("AIRPORTS_DIR", "")


def test_the_demo_ends_well_and_shows_its_steps() -> None:
    """As `hatch run demo` runs it: warnings are errors, nothing on stderr, exit 0."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(DEMO)], capture_output=True, text=True, check=False, timeout=60
    )

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert sum(line.endswith(" ms") for line in lines) == 8
    prints = {line.split()[0]: line.split()[1:] for line in lines if line.endswith("ok")}
    assert set(prints) == {"source", "transactional", "analytics"}
    assert prints["source"] == prints["transactional"] == prints["analytics"]


def _then(statement: str, rows: int = 1) -> Callable[[SQLSpec], int]:
    """The step that moves the rows, and changes some on the way."""

    def move(spec: SQLSpec) -> int:
        count: int = demo.move(spec)
        with spec.provide_session("analytics") as session:
            assert session.execute(statement).rowcount == rows
        return count

    return move


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE airport SET name = name || ' ' WHERE icao = 'EDDF'",
        "UPDATE airport SET lat = lat + 1e-9 WHERE icao = 'EDDF'",
        "DELETE FROM airport WHERE icao = 'EDDF'",
        "INSERT INTO airport VALUES ('none', '', 'Nowhere', '', 'XX', 0, 0, 0, '')",
    ],
)
def test_one_row_that_differs_is_found(statement: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Changed, lost or invented: the demo exits 1 and names the database."""
    assert demo.main(move=_then(statement)) == 1

    verdicts = {line.split()[0]: line.split()[-1] for line in capsys.readouterr().out.splitlines()[-3:]}
    assert verdicts == {"source": "ok", "transactional": "ok", "analytics": "DIFFERS"}


SWAP = """
UPDATE airport SET country = CASE country WHEN 'DE' THEN 'FR' ELSE 'DE' END
WHERE icao IN ('EDDF', 'LFPG')
"""


def test_two_rows_that_swapped_a_value_are_found(capsys: pytest.CaptureFixture[str]) -> None:
    """The hashes are of whole rows, so values that change places change the sum."""
    assert demo.main(move=_then(SWAP, rows=2)) == 1

    assert capsys.readouterr().out.endswith("DIFFERS\n")


ROWS = st.lists(st.tuples(st.text(max_size=3), st.floats(allow_nan=False), st.integers()), max_size=8)


@given(ROWS, st.randoms(use_true_random=False))
def test_the_fingerprint_knows_no_order_but_every_row(rows: list[tuple[Any, ...]], random: Any) -> None:
    """Shuffled rows have the same one; a row more or less has another."""
    shuffled = random.sample(rows, len(rows))

    assert demo.fingerprint(shuffled) == demo.fingerprint(iter(rows))
    assert demo.fingerprint([*rows, ("x", 1.0, 1)]) != demo.fingerprint(rows)
    if rows:
        assert demo.fingerprint(rows[1:]) != demo.fingerprint(rows)
