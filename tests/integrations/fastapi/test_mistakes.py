"""What is written in another way than it works: refused where it is declared, with what to write."""

from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI

from sqlspec import AsyncSession, SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.errors import InvalidArgumentError
from sqlspec.integrations.fastapi import session


@pytest.mark.parametrize(
    "annotation", [Any, object, "nothing", str, dict[str, int], AsyncSession | None, SQLiteConfig]
)
def test_a_parameter_without_a_sessions_class_is_refused(spec: SQLSpec, annotation: Any) -> None:
    """It would not be known whether the session is awaited."""
    lent = session(spec, "shop")

    def read(database: Any = lent) -> None: ...

    read.__annotations__ = {} if annotation == "nothing" else {"database": annotation}

    with pytest.raises(InvalidArgumentError, match=r"write Annotated\[AsyncSession, session"):
        FastAPI().get("/")(read)


def test_a_session_within_depends_is_refused(spec: SQLSpec) -> None:
    """It is a dependency itself."""

    async def read(database: Annotated[AsyncSession, Depends(session(spec, "shop"))]) -> None: ...

    with pytest.raises(InvalidArgumentError, match=r"without Depends: write Annotated\[AsyncSession"):
        FastAPI().get("/")(read)


@pytest.mark.parametrize("commit_on", [200, None, "200", ["200"], [], {2000}])
def test_what_names_no_status_is_refused(spec: SQLSpec, commit_on: Any) -> None:
    """Nothing would ever be stored, or an error would come after the work."""
    with pytest.raises(InvalidArgumentError, match=r"write range\(200, 400\)"):
        session(spec, "shop", commit_on=commit_on)
