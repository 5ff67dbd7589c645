"""What the page on web applications shows of the shop stands in the shop."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHOP = ROOT / "examples" / "shop"
PAGE = (ROOT / "docs" / "web.md").read_text("utf-8")
SECTION = PAGE.partition("## An application\n")[2].partition("```python\nspec.close()")[0]


def _shown(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)


def test_the_configuration_file_is_shown_whole() -> None:
    """Letter by letter."""
    assert _shown("toml") == [(SHOP / "shop.toml").read_text("utf-8")]


def test_each_line_of_code_is_the_shops() -> None:
    """In one piece for each function and class."""
    application = (SHOP / "app.py").read_text("utf-8")
    (code,) = _shown("python")
    imports, _, rest = code.partition("\n\n")

    parts = {"from pydantic import BaseModel", "from fastapi import Query"}  # what it uses of them
    assert set(imports.splitlines()) <= {*application.splitlines(), *parts}
    assert [piece for piece in rest.strip().split("\n\n\n") if piece not in application] == []


def test_the_command_is_one_of_the_project() -> None:
    """As typed."""
    scripts = (ROOT / "pyproject.toml").read_text("utf-8")

    assert _shown("console") == ["$ python3 dev.py run shop\n"]
    assert '\nshop = "python examples/shop {args}"\n' in scripts
