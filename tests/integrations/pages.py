"""What a page of the documentation defines, for tests of it under a real server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sybil import Document
from sybil.parsers.markdown import PythonCodeBlockParser

PAGES = Path(__file__).parents[2] / "docs"


def names_of(page: str, *, until: str) -> dict[str, Any]:
    """Its names, after the blocks of Python above the heading *until* have run, in the working folder."""
    document = Document.parse(str(PAGES / page), PythonCodeBlockParser())
    document.namespace["__name__"] = "__main__"
    end = document.text.index(f"\n## {until}\n")
    for example in document:
        if example.region.start < end:
            example.evaluate()
    names: dict[str, Any] = document.namespace
    return names
