"""What the README shows runs against a server."""

from __future__ import annotations

import re
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

from sqlspec_asyncpg import AsyncpgConfig

README = Path(__file__).parents[1] / "README.md"


async def test_the_functions_of_the_readme_do_what_they_say(url: str) -> None:
    """Each of them, on the test's own database."""
    scope: dict[str, Any] = {}
    for block in re.findall(
        r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    ):
        exec(compile(block, str(README), "exec"), scope)  # noqa: S102 - our own words

    functions = [value for value in scope.values() if iscoroutinefunction(value)]
    async with scope["spec"].override("shop", AsyncpgConfig(url=url)):
        for function in functions:
            await function(*range(7, 7 + function.__code__.co_argcount))
    await scope["spec"].aclose()

    assert [function.__name__ for function in functions] == ["buy", "restock", "listen"]
