"""Every bad file of the table is refused at its line and column, and nothing of it is told."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import ConfigFileError, ConfigSourceError
from tests.config.fake import CANARY, everything_said
from tests.config.sources.bad_files import BAD, Bad

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec import SQLSpec


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: f"{bad.suffix}-{bad.line}-{bad.column}-{bad.says[:20]}")
def test_g36_a_bad_file_is_refused_where_it_is_bad(
    load: Callable[..., SQLSpec], spec: SQLSpec, bad: Bad
) -> None:
    """Path, line, column and reason; no value in any text, nor in any exception behind it."""
    with pytest.raises(ConfigSourceError) as caught:
        load(bad.text, f"database.{bad.suffix}")

    (error,) = caught.value.exceptions
    assert isinstance(error, ConfigFileError)
    assert (error.line, error.column) == (bad.line, bad.column), str(error)
    assert bad.says in str(error)
    assert str(error).startswith(f"{error.path}:{bad.line}:{bad.column}: ")
    assert not any(CANARY in text for text in everything_said(caught.value))
    assert spec.names == ()


def test_there_are_many_bad_files_of_each_format() -> None:
    """At least forty in all, and no format is left behind."""
    counts = Counter(bad.suffix for bad in BAD)

    assert counts.keys() == {"toml", "yaml", "json"}
    assert min(counts.values()) >= 30
