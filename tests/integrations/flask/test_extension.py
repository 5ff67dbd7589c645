"""What is Flask's own: factories and blueprints, hooks, error handlers, streams, contexts and threads."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    copy_current_request_context,
    redirect,
    request,
    stream_with_context,
)

from sqlspec import Session, SQLSpec
from sqlspec.adapters.mysql import AsyncMyConfig
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.errors import (
    ForeignKeyViolationError,
    InvalidArgumentError,
    SessionClosedError,
    SyncNotSupportedError,
    UniqueViolationError,
)
from sqlspec.integrations.flask import SQLSpecExtension, connection, current_session, session
from sqlspec_testkit.scripted import Script, ScriptedConfig, ScriptedPlugin
from tests.integrations.shops import NOBODY, PLACE, open_shop, orders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def spec(tmp_path: Path) -> Iterator[SQLSpec]:
    """A shop, all of whose connections are idle in the end."""
    with SQLSpec() as spec:
        open_shop(spec, tmp_path, pool_size=2, pool_timeout=0.1)
        yield spec
        assert {stats.in_use for stats in spec.stats().values()} == {0}


def app_of(spec: SQLSpec, view: Callable[[], Any] | None = None, **options: Any) -> Flask:
    """`POST /` calls *view*; by default it writes order 7, for `?customer=…`."""
    app = Flask(__name__)
    SQLSpecExtension(app, spec, "shop", **options)
    app.add_url_rule("/", view_func=view or place, methods=["POST"])
    return app


def place() -> str:
    """Write."""
    current_session.execute(PLACE, (7, request.args.get("customer")))
    return "placed"


def fail_to_commit(app: Flask) -> Any:
    """A request whose COMMIT fails."""
    return app.test_client().post(f"/?customer={NOBODY}")


def test_success_is_stored_before_the_response_begins(spec: SQLSpec) -> None:
    """Somebody else who looks at the database when the response starts sees it."""
    app = app_of(spec)
    seen: list[Any] = []
    config: Any = spec.get_config("shop")

    def watched(environ: Any, start_response: Any) -> Any:
        def look(*args: Any) -> Any:
            with closing(sqlite3.connect(config.database)) as raw:
                seen.extend(raw.execute("SELECT number FROM orders").fetchall())
            return start_response(*args)

        return serve(environ, look)

    serve = app.wsgi_app
    app.wsgi_app = watched  # type: ignore[method-assign]

    assert app.test_client().post("/").status_code == 200
    assert seen == [(7,)]


@pytest.mark.parametrize("layer", ["application", "blueprint"])
def test_a_handler_of_the_applications_own_answers_a_commit_that_fails(spec: SQLSpec, layer: str) -> None:
    """Of a factory's application or of a blueprint, as for what a statement raises."""
    extension, app, blueprint = SQLSpecExtension(), Flask(__name__), Blueprint("shop", __name__)
    extension.init_app(app, spec)
    blueprint.add_url_rule("/", view_func=place, methods=["POST"])

    def answer(error: ForeignKeyViolationError) -> Any:
        return type(error).__name__, 418

    (app if layer == "application" else blueprint).register_error_handler(ForeignKeyViolationError, answer)
    app.register_blueprint(blueprint)

    response = fail_to_commit(app)

    assert (response.status_code, response.text) == (418, "ForeignKeyViolationError")
    assert orders(spec) == []


def test_after_request_sees_the_answer_to_a_commit_that_fails(spec: SQLSpec) -> None:
    """It runs when the work has ended, so that its headers are on every answer."""
    app = app_of(spec)
    seen: list[int] = []

    @app.after_request
    def name(response: Response) -> Response:
        seen.append(response.status_code)
        with pytest.raises(SessionClosedError, match="provide_session"):
            session()
        response.headers["X-Served-By"] = "shop"
        return response

    assert app.test_client().post("/").headers["X-Served-By"] == "shop"
    assert fail_to_commit(app).headers["X-Served-By"] == "shop"
    assert seen == [200, 409]


@pytest.mark.parametrize(("end", "stored"), [("answer", [7]), ("refuse", []), ("escape", [])])
def test_before_request_may_end_a_request(spec: SQLSpec, end: str, stored: list[int]) -> None:
    """By an answer of its own, or an exception, whatever that is answered with."""
    app = app_of(spec)

    @app.before_request
    def answer() -> Any:
        current_session.execute(PLACE, (7, None))
        if end == "escape":
            raise LookupError
        return "seen", 200 if end == "answer" else 429

    app.register_error_handler(LookupError, lambda _: redirect("/login"))

    assert app.test_client().post("/").status_code == {"answer": 200, "refuse": 429, "escape": 302}[end]
    assert orders(spec) == stored


def test_what_before_request_wrote_is_in_the_views_session(spec: SQLSpec) -> None:
    """It is one session, until the view returns."""
    app = app_of(spec, lambda: {"found": current_session.execute("SELECT number FROM orders").scalar()})

    @app.before_request
    def write() -> None:
        current_session.execute(PLACE, (7, None))

    assert app.test_client().post("/").json == {"found": 7}
    assert orders(spec) == [7]


def test_a_response_that_can_not_be_made_undoes_the_work(spec: SQLSpec) -> None:
    """The view returned something that is no response."""

    def view() -> Any:
        place()
        return object()

    assert app_of(spec, view).test_client().post("/").status_code == 500
    assert orders(spec) == []


def test_a_view_that_returns_nothing_has_stored_nothing(spec: SQLSpec) -> None:
    """Flask answers with an error."""

    def view() -> Any:
        place()

    assert app_of(spec, view).test_client().post("/").status_code == 500
    assert orders(spec) == []


def test_the_table_can_be_changed_and_left_to_flask(spec: SQLSpec) -> None:
    """None is Flask's own 500."""
    with spec.provide_session("shop") as database:
        database.execute(PLACE, (7, None))

    changed = app_of(spec, statuses={UniqueViolationError: 422})
    assert changed.test_client().post("/").status_code == 422
    left = app_of(spec, statuses={UniqueViolationError: None})
    assert left.test_client().post("/").status_code == 500


def test_commit_on_says_which_statuses_are_stored(spec: SQLSpec) -> None:
    """One switch, for those that keep a record of what they refuse; also for a response that is raised."""

    def view() -> Any:
        place()
        abort(Response("no", 403))

    app = app_of(spec, view, commit_on={403})

    assert app.test_client().post("/").status_code == 403
    assert orders(spec) == [7]


def test_one_key_is_one_session_and_two_databases_are_two(spec: SQLSpec) -> None:
    """What was lent last ends first; if its COMMIT fails, the others are undone, too."""
    spec.register_config(SQLiteConfig(), "other")

    def view() -> Any:
        session("other").execute("CREATE TABLE seen (number INTEGER)")
        place()
        assert session("shop") is session()
        assert session("other") is not session()
        assert isinstance(current_session, Session)
        connection("shop").execute("SELECT 1")
        return "placed"

    with spec.provide_session("other"):  # keeps the database in memory
        assert fail_to_commit(app_of(spec, view)).status_code == 409
    with spec.provide_session("other") as other:
        assert other.execute("SELECT count(*) FROM sqlite_schema").scalar() == 0


def test_a_stream_begins_when_the_session_has_ended(spec: SQLSpec) -> None:
    """It opens one of its own, which sees what was stored."""

    def lines() -> Iterator[str]:
        with pytest.raises(SessionClosedError):
            session()
        with spec.provide_session("shop") as database:
            yield from (f"{row['number']}\n" for row in database.execute("SELECT number FROM orders"))

    def view() -> Any:
        place()
        return Response(stream_with_context(lines()))

    assert app_of(spec, view).test_client().post("/").text == "7\n"


def test_without_a_request_there_is_no_session(spec: SQLSpec) -> None:
    """In a command or in an application's context: the error says what to write."""
    app = app_of(spec)
    app.cli.command("count")(lambda: current_session.execute("SELECT 1"))

    with app.app_context(), pytest.raises(RuntimeError, match="provide_session"):
        session()
    result = app.test_cli_runner().invoke(args=["count"])
    assert isinstance(result.exception, RuntimeError)
    assert "unbound" in repr(current_session)


def test_a_request_that_is_never_dispatched_is_undone(spec: SQLSpec) -> None:
    """As in a test that makes a context by itself."""
    app = app_of(spec)

    with app.test_request_context("/"):
        place()

    assert orders(spec) == []


def test_requests_in_an_outer_context_have_sessions_of_their_own(spec: SQLSpec) -> None:
    """As in tests that push one, where all requests share `g`; and a client keeps contexts for a while."""
    app = app_of(spec, lambda: {"session": id(session())})

    with app.app_context(), app.test_client() as client:
        for _ in range(3):
            assert client.post("/").status_code == 200
            assert spec.stats("shop").in_use == 0


def test_threads_of_one_request_share_its_session() -> None:
    """It is lent once, however many ask for it first; a thread that ends does not end it."""
    script = Script(clock=time.monotonic)  # connecting has a time limit, and is held here
    connecting = script.gate("connect")
    spec = SQLSpec()
    spec.plugins.register(ScriptedPlugin(script))
    spec.register_config(ScriptedConfig(), "shop")

    def view() -> Any:
        with ThreadPoolExecutor(8) as threads:
            asked = [threads.submit(copy_current_request_context(session)) for _ in range(8)]
            connecting.arrival()
            time.sleep(0.05)  # as long as it takes the others to ask
            connecting.open()
            assert len({id(one.result()) for one in asked}) == 1
        current_session.execute("INSERT 1")
        return "placed"

    with spec:
        assert app_of(spec, view).test_client().post("/").status_code == 200
        assert spec.stats("shop").in_use == 0

    assert script.server.rows == [1]
    assert script.count("connect") == 1


def test_an_application_without_the_extension_says_what_to_write(spec: SQLSpec) -> None:
    """And one that has it refuses another."""
    with Flask(__name__).test_request_context("/"), pytest.raises(RuntimeError, match="SQLSpecExtension"):
        session()
    with pytest.raises(InvalidArgumentError, match="SQLSpecExtension"):
        SQLSpecExtension(app_of(spec), spec)
    with pytest.raises(InvalidArgumentError, match="registry"):
        SQLSpecExtension(Flask(__name__))


def test_what_lends_to_tasks_alone_is_refused(spec: SQLSpec) -> None:
    """A WSGI application has no event loop."""
    spec.register_config(AsyncMyConfig(database="shop"), "tasks")
    app = app_of(spec, lambda: session("tasks").execute("SELECT 1").one())
    app.testing = True

    with pytest.raises(SyncNotSupportedError):
        app.test_client().post("/")


def test_it_needs_nothing_but_flask() -> None:
    """In particular nothing for event loops, which come with ASGI frameworks."""
    without = "import sys; sys.modules.update(anyio=None, starlette=None)"

    subprocess.run([sys.executable, "-c", f"{without}; import sqlspec.integrations.flask"], check=True)
