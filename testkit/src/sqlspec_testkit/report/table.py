"""Reports of runs become a table in Markdown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .facts import FORMAT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

__all__ = ("BEGIN", "END", "ReportError", "put_into", "read", "table")

BEGIN = "<!-- sqlspec capabilities: written by python -m sqlspec_testkit.report -->"
END = "<!-- end of sqlspec capabilities -->"


class ReportError(Exception):
    """A file is no report, or has no place for one; the text says which and what to do."""


def read(paths: Iterable[Path]) -> dict[str, Any]:
    """The adapters of all these reports, by name; of two reports of one adapter the later file counts."""
    found: dict[str, Any] = {}
    for path in paths:
        try:
            report = json.loads(path.read_text("utf-8"))
            if report["format"] != FORMAT:
                msg = f"{path} has format {report['format']}, and this sqlspec-testkit reads format {FORMAT}"
                raise ReportError(f"{msg}. Write it again: pytest --sqlspec-report={path}")
            found |= report["adapters"]
        except (OSError, ValueError, KeyError, TypeError) as exc:
            msg = f"{path} can not be read as a report ({type(exc).__name__})"
            raise ReportError(f"{msg}. Write one: pytest --sqlspec-report={path}") from exc
    return found


def table(adapters: dict[str, Any], *, counts: bool = False) -> str:
    """A row for each capability and a column for each adapter; *counts*: and how many tests passed."""
    names = sorted(adapters)
    rows = [["capability", *names], ["---"] * (len(names) + 1)]
    capabilities = dict.fromkeys(name for one in adapters.values() for name in one["capabilities"])
    rows += [
        [f"`{capability}`", *(_cell(adapters[name]["capabilities"].get(capability, {})) for name in names)]
        for capability in capabilities
    ]
    if counts:
        rows.append(["tests of the kit", *(_count(adapters[name]["tables"]) for name in names)])
        rows.append(["tested", *(_version(adapters[name]) for name in names)])
    return "\n".join(_row(cells) for cells in rows)


def put_into(page: Path, text: str) -> None:
    """Replace what stands between the two comments of a Markdown file."""
    old = page.read_text("utf-8")
    if BEGIN not in old or END not in old.partition(BEGIN)[2]:
        msg = f"{page} has no place for the table. Write these two lines where it belongs:\n{BEGIN}\n{END}"
        raise ReportError(msg)
    before, _, rest = old.partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(facts: dict[str, Any]) -> str:
    if facts.get("failed"):
        return "**fails**"
    if facts.get("declared"):
        return "yes (not tested)" if facts["skipped"] and not facts["passed"] else "yes"
    return "no (could be declared)" if facts.get("could_be_declared") else "no"


def _count(tables: dict[str, Any]) -> str:
    passed, failed, skipped = (
        sum(count if isinstance(count := one[outcome], int) else len(count) for one in tables.values())
        for outcome in ("passed", "failed", "skipped")
    )
    return f"{passed} passed{f', **{failed} failed**' if failed else ''}, {skipped} skipped"


def _version(adapter: dict[str, Any]) -> str:
    own = f"{adapter['distribution'] or 'not installed'} {adapter['version'] or ''}".strip()
    return ", ".join([own, *(f"{name} {version}" for name, version in adapter["driver_versions"].items())])
