"""`hatch run bench:pictures` draws what the JSON says, and the table beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.growth.__main__ import main
from benchmarks.growth.pictures import (
    BEGIN,
    END,
    PICTURES,
    Curve,
    FiguresError,
    Point,
    compared_sizes,
    curves_of,
    digest,
    figures_from,
    only_growth,
    page_with,
    table_of,
)
from benchmarks.harness import Row, Spread
from benchmarks.report import write_json

DOCS = Path(__file__).parents[2] / "docs"
TOPICS = [picture.topic for picture in PICTURES]
PAGE = f"# A page\n\n{BEGIN}\nwhat was there\n{END}\n\nThe rest.\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Figures as the benchmarks write them: three sizes of each topic, ours and a peer, and another topic."""
    spread = Spread(2.0, 1.5, 3.0)
    rows = [
        Row("one of 100 rows, over one of 10: sqlspec", Spread(1.04, 1.01, 1.06), "×", 1.5),
        Row("one of 100 rows, over one of 10: a peer", Spread(2.5, 2.4, 2.6), "×"),
        *(Row(name, spread, "µs", size=size) for name in ("sqlspec", "a peer") for size in (1, 10, 100)),
    ]
    path = tmp_path / "figures.json"
    write_json(path, {"pool": [Row("acquire", spread, "µs", 1.5)], **dict.fromkeys(TOPICS, rows)})
    return path


@pytest.fixture
def figures(file: Path) -> Any:
    """What the file says."""
    return figures_from(file.read_text("utf-8"), file.name)


def test_a_curve_has_a_point_for_each_size(figures: Any) -> None:
    """The median and the quartiles, from the smallest size; the verdicts are no part of it."""
    points = tuple(Point(size, 2.0, 1.5, 3.0) for size in (1, 10, 100))

    curves = curves_of(figures, "growth-rows")

    assert curves == [Curve("sqlspec", points), Curve("a peer", points)]
    assert compared_sizes(curves) == (10, 100)


def test_points_are_in_the_order_of_their_sizes(figures: Any) -> None:
    """In whatever order the file has them."""
    figures["rows"].reverse()

    for curve in curves_of(figures, "growth-rows"):
        assert [point.size for point in curve.points] == [1, 10, 100]


def test_what_is_kept_is_the_growth_alone(figures: Any) -> None:
    """Of the machine the version of Python is said, and what is kept says the same when it is read again."""
    kept = only_growth(figures)

    assert {row["topic"] for row in kept["rows"]} == set(TOPICS)
    assert list(kept["setting"]) == ["python"]
    assert only_growth(kept) == kept
    assert digest(kept) == digest(figures)


def test_another_figure_is_another_mark(figures: Any) -> None:
    """So a picture that is older than the figures beside it is found."""
    before = digest(figures)
    next(row for row in figures["rows"] if "size" in row)["median"] += 0.001

    assert digest(figures) != before


def test_the_table_says_who_is_within_the_limit(figures: Any) -> None:
    """Ours yes or no; a peer has no limit."""
    missed = next(row for row in figures["rows"] if row["topic"] == "growth-tasks" and row["budget"])
    missed.update(median=1.7, missed=True)

    lines = table_of(figures).splitlines()

    assert lines.count("| one of 100 rows, over one of 10 | sqlspec | 1.04 | 1.01 – 1.06 | yes |") == 4
    assert lines.count("| one of 100 rows, over one of 10 | sqlspec | 1.70 | 1.01 – 1.06 | **no** |") == 1
    assert lines.count("| one of 100 rows, over one of 10 | a peer | 2.50 | 2.40 – 2.60 |  |") == 5


def test_the_table_takes_the_place_of_the_one_before() -> None:
    """The rest of the page stays, and doing it again changes nothing."""
    page = page_with(PAGE, "| new |")

    assert page == f"# A page\n\n{BEGIN}\n| new |\n{END}\n\nThe rest.\n"
    assert page_with(page, "| new |") == page


@pytest.mark.parametrize("page", ["", f"{BEGIN} and no end", f"{END} before {BEGIN}"])
def test_a_page_without_a_place_is_told(page: str) -> None:
    """With what to write into it."""
    with pytest.raises(FiguresError, match="no place for the table"):
        page_with(page, "| new |")


@pytest.mark.parametrize(
    "text",
    [
        *("", "no JSON", "[]", "{}", '{"rows": 1}', '{"rows": [1]}', '{"rows": [{}]}', '{"rows": []}'),
        '{"rows": [{"topic": "growth-rows", "what": "sqlspec", "size": 1}]}',
        '{"rows": [], "setting": {"python": null}}',
    ],
)
def test_something_else_is_told(text: str) -> None:
    """By the name of the file, and with the commands that make one."""
    with pytest.raises(FiguresError, match=r"^some\.json: this is no file of figures\. .*bench:growth"):
        figures_from(text, "some.json")


def test_a_topic_that_was_not_measured_is_named(figures: Any) -> None:
    """All pictures are of one run, or none is drawn."""
    rows = [row for row in figures["rows"] if row["topic"] not in {"growth-rows", "growth-texts"}]

    with pytest.raises(FiguresError, match="there are no figures of growth-rows, growth-texts"):
        figures_from(json.dumps(figures | {"rows": rows}), "some.json")


def test_a_file_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In one line, and exit 2."""
    assert main([str(tmp_path / "none.json"), "--docs", str(tmp_path)]) == 2

    assert capsys.readouterr().err == f"{tmp_path / 'none.json'}: No such file or directory\n"


def test_nothing_is_written_where_something_is_wrong(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The page has no place for the table: no picture is drawn."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "performance.md").write_text("# A page\n", "utf-8")

    assert main([str(file), "--docs", str(docs)]) == 2

    assert [path.name for path in docs.iterdir()] == ["performance.md"]
    assert capsys.readouterr().err.startswith("the page has no place for the table")


def test_the_command_draws_everything(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A picture for each topic, the figures and the table; a second run writes the same bytes."""
    pytest.importorskip("matplotlib", reason="matplotlib is in the environment of the benchmarks")
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "performance.md").write_text(PAGE, "utf-8")

    assert main([str(file), "--docs", str(docs)]) == 0
    first = {path.relative_to(docs): path.read_bytes() for path in docs.rglob("*") if path.is_file()}
    assert main([str(file), "--docs", str(docs)]) == 0
    second = {path.relative_to(docs): path.read_bytes() for path in docs.rglob("*") if path.is_file()}

    names = {"performance.md", "pictures/growth.json", *(f"pictures/{topic}.svg" for topic in TOPICS)}
    assert {path.as_posix() for path in first} == names
    assert first == second
    figures = figures_from((docs / "pictures" / "growth.json").read_text("utf-8"), "growth.json")
    for picture in PICTURES:
        drawn = (docs / "pictures" / f"{picture.topic}.svg").read_text("utf-8")
        shown = (picture.across, picture.upwards, ">sqlspec<", ">a peer<", digest(figures))
        assert [part for part in shown if part not in drawn] == []
        assert len(drawn) < 60_000
    assert table_of(figures) in (docs / "performance.md").read_text("utf-8")
    assert len(capsys.readouterr().out.splitlines()) == 2 * len(names)


# --- what is in docs/ -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def published() -> Any:
    """The figures beside the pictures."""
    path = DOCS / "pictures" / "growth.json"
    return figures_from(path.read_text("utf-8"), path.name)


@pytest.mark.parametrize("topic", TOPICS)
def test_a_picture_shows_the_figures_beside_it(published: Any, topic: str) -> None:
    """Type `hatch run bench:pictures docs/pictures/growth.json` when it does not."""
    assert f"figures {digest(published)}" in (DOCS / "pictures" / f"{topic}.svg").read_text("utf-8")


def test_the_page_shows_the_figures_beside_it(published: Any) -> None:
    """Its table is the one that the command writes."""
    page = (DOCS / "performance.md").read_text("utf-8")

    assert page_with(page, table_of(published)) == page


def test_the_page_shows_each_picture_and_says_what_is_on_it() -> None:
    """And there is no other picture."""
    page = (DOCS / "performance.md").read_text("utf-8")
    index = (DOCS / "index.md").read_text("utf-8")

    for topic in TOPICS:
        before, link, _ = page.partition(f"](pictures/{topic}.svg)")
        assert link
        assert len(before.rpartition("![")[2]) > 20
    assert {path.stem for path in (DOCS / "pictures").glob("*.svg")} == set(TOPICS)
    assert "(performance.md)" in index
