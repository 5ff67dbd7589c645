"""Errors as HTTP responses: each of the table, those below, and what an application changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from sqlspec import errors
from sqlspec.integrations.starlette import exception_handlers
from tests.integrations.shops import client_of

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

SECRET = "hunter2"
RETRIED = {
    errors.SerializationError: 503,
    errors.DeadlockError: 503,
    errors.LockTimeoutError: 503,
    errors.PoolTimeoutError: 503,
    errors.PoolFullError: 503,
    errors.ConnectError: 503,
}
TABLE: dict[type[errors.SQLSpecError], int] = {
    **RETRIED,
    errors.NoRowError: 404,
    errors.UniqueViolationError: 409,
    errors.ForeignKeyViolationError: 409,
    errors.IntegrityError: 409,
    errors.NotNullViolationError: 422,
    errors.CheckViolationError: 422,
    errors.DisconnectedError: 503,
    errors.AuthenticationError: 503,
    errors.QueryTimeoutError: 503,
    errors.CommitOutcomeUnknownError: 504,
    errors.StatementError: 500,
    errors.ReadOnlyError: 500,
    errors.MultipleRowsError: 500,
    errors.ParameterError: 500,
    errors.SessionClosedError: 500,
    errors.TransactionAbortedError: 500,
}


async def answer_to(error: Exception, changes: Any = None) -> Any:
    """What a client gets when an endpoint raises it."""

    def fail(_: Request) -> Response:
        raise error

    app = Starlette(routes=[Route("/", fail)], exception_handlers=exception_handlers(changes))
    async with client_of(app) as client:
        return await client.get("/")


@pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.__name__)
async def test_each_error_has_its_status_and_quotes_nothing(kind: type[errors.SQLSpecError]) -> None:
    """Only what left nothing behind may be sent again."""
    response = await answer_to(kind(SECRET))

    assert response.status_code == TABLE[kind]
    assert response.headers.get("retry-after") == ("1" if kind in RETRIED else None)
    assert SECRET not in response.text


async def test_a_closed_registry_is_a_service_that_is_stopping() -> None:
    """Others of its kind can take the request."""
    response = await answer_to(errors.ConfigClosedError("main"))

    assert (response.status_code, response.headers["retry-after"]) == (503, "1")


async def test_an_application_changes_the_table() -> None:
    """Another status, for the errors below, too; or none of ours."""
    changes = {errors.IntegrityError: 400, errors.NoRowError: None}

    assert (await answer_to(errors.IntegrityError("x"), changes)).status_code == 400
    assert (await answer_to(errors.UniqueViolationError("x"), changes)).status_code == 409
    assert (await answer_to(errors.NoRowError("x"), changes)).status_code == 500


@pytest.mark.parametrize(
    "changes",
    [
        errors.UniqueViolationError,
        {"UniqueViolationError": 422},
        {ValueError: 422},
        {errors.UniqueViolationError: "422"},
        {errors.UniqueViolationError: True},
        {errors.UniqueViolationError: 204},
        {errors.UniqueViolationError: 999},
    ],
    ids=str,
)
def test_a_table_that_is_none_is_refused(changes: Any) -> None:
    """When the application is made."""
    with pytest.raises(errors.InvalidArgumentError, match=r"write \{UniqueViolationError: 422\}"):
        exception_handlers(changes)


async def test_a_status_without_a_name_is_answered() -> None:
    """As proxies have them."""
    response = await answer_to(errors.NoRowError("x"), {errors.NoRowError: 499})

    assert (response.status_code, response.json()["title"]) == (499, "Error")


async def test_what_is_the_services_fault_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The framework takes it for handled, and would be silent."""
    await answer_to(errors.PoolTimeoutError("no connection became free"))
    await answer_to(errors.UniqueViolationError("such a row exists"))

    (said,) = [record for record in caplog.records if record.name == "sqlspec.integrations"]
    assert said.levelname == "WARNING"
    assert said.getMessage() == "answered 503, because of PoolTimeoutError: no connection became free"


async def test_a_handler_of_the_applications_own_goes_first() -> None:
    """Of the class, or of one between it and the root."""

    def fail(_: Request) -> Response:
        raise errors.UniqueViolationError("x")

    async def own(_: Request, __: Exception) -> Response:
        return PlainTextResponse("taken", 400)

    handlers = {**exception_handlers(), errors.IntegrityError: own}
    async with client_of(Starlette(routes=[Route("/", fail)], exception_handlers=handlers)) as client:
        response = await client.get("/")

    assert (response.status_code, response.text) == (400, "taken")
