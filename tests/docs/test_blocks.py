"""Every block of Python in the documents runs, one after the other, as a reader would type it."""

from __future__ import annotations

import gc
import re
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.version import Version
from sybil import Document, Example
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    path
    for pattern in ("README.md", "docs/*.md", "adapters/*/README.md", "testkit/README.md")
    for path in ROOT.glob(pattern)
)
# What a page is written for, where more is allowed: Litestar names dependencies otherwise since then.
NEEDS = {"docs/web-litestar.md": ("litestar", "2.23")}
NAMED = re.compile(r"# (\w+\.(?:toml|yaml))\n")


def _write(example: Example) -> None:
    """A file that the document shows, under the name in its first line; others are for reading."""
    named = NAMED.match(example.parsed)
    if named is not None:
        Path(named[1]).write_text(example.parsed, encoding="utf-8")


PARSERS = (PythonCodeBlockParser(), CodeBlockParser("toml", _write), CodeBlockParser("yaml", _write))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_blocks_of_a_document_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In order, in one namespace and in an empty folder; and they close what they open."""
    distribution, oldest = NEEDS.get(str(path.relative_to(ROOT)), ("sqlspec", "0"))
    if Version(version(distribution)) < Version(oldest):
        pytest.skip(f"the page is written for {distribution} {oldest}")
    monkeypatch.chdir(tmp_path)
    document = Document.parse(str(path), *PARSERS)
    document.namespace["__name__"] = "__main__"  # frameworks ask for it

    for example in document:
        example.evaluate()

    document.namespace.clear()
    gc.collect()  # from Python 3.13 on a connection that is left open says so here, and not in another test


def test_no_block_escapes() -> None:
    """Python stands in fences that say so; a fence without a language would not run."""
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        fences = re.findall(r"^```(.*)$", text, re.MULTILINE)
        assert set(fences[::2]) <= {"python", "toml", "yaml", "console"}, path.name
        assert set(fences[1::2]) <= {""}, path.name
        found = sum(1 for _ in Document.parse(str(path), *PARSERS))
        assert found == sum(map(fences.count, ("python", "toml", "yaml"))), path.name
