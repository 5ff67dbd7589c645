"""Results made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.plugin.contract import RawResult
from sqlspec.result import Result

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def result() -> Callable[..., Result[Any]]:
    """Makes a result: `result("id name", (1, "Ada"), …, schema_type=User)`."""

    def make(columns: str, *rows: tuple[Any, ...], schema_type: Any = None) -> Result[Any]:
        return Result(RawResult(tuple(columns.split()), list(rows), len(rows)), schema_type)

    return make
