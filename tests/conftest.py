"""What tests of several folders share."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from sqlspec.adapters._known import EXTRAS
from sqlspec.loading import index

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec.loading.index import Entry


@pytest.fixture
def sqlite_alone() -> Iterator[None]:
    """Of our own adapters SQLite's is installed and no other, whatever this environment holds besides."""
    everything = index._entries

    def without_siblings() -> Iterator[Entry]:
        return (one for one in everything() if _is_visible(one))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "_entries", without_siblings)
        for sibling in EXTRAS - {"sqlite"}:
            patch.setitem(sys.modules, f"sqlspec_{sibling}", None)  # as if it could not be imported either
        index.refresh()
        yield
    index.refresh()


def _is_visible(entry: Entry) -> bool:
    return entry.value.startswith(("sqlspec_sqlite.", "sqlspec_sqlite:")) or not entry.value.startswith(
        "sqlspec_"
    )
