"""What the README shows runs against a server."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlspec_redis import RedisConfig

README = Path(__file__).parents[1] / "README.md"


def test_the_functions_of_the_readme_do_what_they_say(config: RedisConfig) -> None:
    """Each of them, on the test's own database."""
    scope: dict[str, Any] = {"__name__": __name__}
    text = README.read_text(encoding="utf-8")
    for block in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        exec(compile(block, str(README), "exec"), scope)  # noqa: S102 - our own words

    with scope["spec"] as spec, spec.override("cache", config.replace(codec="json")):
        scope["visit"]()
        asyncio.run(scope["remember"]())

    written = [name for name, value in scope.items() if getattr(value, "__module__", "") == __name__]
    assert written == ["visit", "Order", "remember"]
