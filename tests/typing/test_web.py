"""What endpoints get of the integrations: checked by mypy and pyright, and run."""
# pyright: strict

from typing import Annotated, assert_type

from fastapi import FastAPI
from fastapi.testclient import TestClient
from flask import Flask
from litestar import Litestar, get
from litestar.testing import TestClient as LitestarClient

from sqlspec import AsyncSession, Session, SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.integrations import fastapi, flask, litestar


def test_fastapi_lends_what_is_annotated() -> None:
    """By name, by config, by type; for tasks and for threads."""
    with SQLSpec() as spec:
        config = spec.register_config(SQLiteConfig(), "main")
        app = FastAPI(lifespan=fastapi.lifespan(spec), exception_handlers=fastapi.exception_handlers())

        async def asked(database: Annotated[AsyncSession, fastapi.session(spec, config)]) -> int:
            assert type(assert_type(database, AsyncSession)) is AsyncSession
            return int(await database.execute("SELECT 1").scalar())

        def asked_in_thread(database: Annotated[Session, fastapi.session(spec, "main")]) -> int:
            assert type(assert_type(database, Session)) is Session
            return int(database.execute("SELECT 1").scalar())

        app.get("/tasks")(asked)
        app.get("/threads")(asked_in_thread)
        with TestClient(app) as client:
            assert [client.get(path).json() for path in ("/tasks", "/threads")] == [1, 1]


def test_litestar_lends_what_is_annotated() -> None:
    """As a parameter of the dependency's name."""
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(), "main")

        @get("/")
        async def asked(database: Annotated[AsyncSession, "lent"]) -> int:  # Litestar wants an annotation
            assert type(assert_type(database, AsyncSession)) is AsyncSession
            return int(await database.execute("SELECT 1").scalar())

        app = Litestar([asked], plugins=[litestar.SQLSpecPlugin(spec, {"database": "main"})])
        with LitestarClient(app) as client:
            assert client.get("/").json() == 1


def test_flask_has_a_session() -> None:
    """The extension's own, and that of a key."""
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(), "main")
        app = Flask(__name__)
        flask.SQLSpecExtension(app, spec)

        def asked() -> str:
            assert_type(flask.current_session, Session)
            assert type(assert_type(flask.session("main"), Session)) is Session
            return str(flask.current_session.execute("SELECT 1", schema_type=int).scalar())

        app.get("/")(asked)
        assert app.test_client().get("/").text == "1"
