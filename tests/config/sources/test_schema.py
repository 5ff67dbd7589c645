"""The JSON Schema of configuration files, checked by a validator that is not ours, and the examples."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

import sqlspec
from sqlspec import DatabaseConfig, InstrumentationConfig, SQLSpec
from sqlspec.config.schema import document_schema
from sqlspec.config.sources.json_text import parse as parse_json
from sqlspec.config.sources.toml_text import parse as parse_toml
from sqlspec.config.sources.yaml_text import parse as parse_yaml
from tests.config.fake import FileConfig, NetConfig
from tests.config.sources.bad_files import BAD, Bad
from tests.config.sources.test_hostile import GOOD
from tests.config.sources.test_meaning import FULL

EXAMPLES = Path(__file__).parents[3] / "examples"
MARKERS = {
    "databases.toml": "#:schema ./databases.schema.json",
    "databases.yaml": "# yaml-language-server: $schema=./databases.schema.json",
    "databases.json": '  "$schema": "./databases.schema.json",',
}
READERS: dict[str, Any] = {"toml": tomllib.loads, "yaml": yaml.safe_load, "json": json.loads}
PARSERS: dict[str, Any] = {"toml": parse_toml, "yaml": parse_yaml, "json": parse_json}

FAKES = Draft202012Validator(
    document_schema({"net": NetConfig, "file": FileConfig}, {"net": "net", "file": "file"})
)
INSTALLED = SQLSpec.json_schema()
VALIDATOR = Draft202012Validator(INSTALLED)


def one(**options: Any) -> dict[str, Any]:
    """A document of one database."""
    return {"databases": {"main": options}}


# --- the examples -----------------------------------------------------------------------------------


def test_the_three_examples_are_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Equal configs come from all formats, with and without the profile."""
    monkeypatch.setenv("SHOP_DIR", str(tmp_path))

    for profile in (None, "test"):
        registries = [SQLSpec.from_file(EXAMPLES / name, profile=profile) for name in MARKERS]
        configs = [{name: spec.get_config(name) for name in sorted(spec.names)} for spec in registries]
        assert configs[0] == configs[1] == configs[2]
        assert [spec.get_config() for spec in registries] == [found["shop"] for found in configs]
        assert configs[0]["shop"].pool_size == (4 if profile is None else 1)
        assert configs[0]["reports"].adapter == "duckdb"


@pytest.mark.parametrize(("name", "marker"), MARKERS.items())
def test_an_example_is_valid_and_tells_editors_so(name: str, marker: str) -> None:
    """By the marker line that editors look for, and by the schema that they find there."""
    text = (EXAMPLES / name).read_text("utf-8")

    assert marker in text.splitlines()[:2]
    assert list(VALIDATOR.iter_errors(READERS[name.rpartition(".")[2]](text))) == []


# --- good and bad -----------------------------------------------------------------------------------


def test_the_schema_is_one_of_its_draft() -> None:
    """And plain JSON."""
    Draft202012Validator.check_schema(INSTALLED)

    assert json.loads(json.dumps(INSTALLED)) == INSTALLED


@pytest.mark.parametrize(
    "document", [FULL, GOOD, {}, {"$schema": "x"}, {"databases": {}, "profiles": {"dev": {}}}]
)
def test_good_documents_are_valid(document: Any) -> None:
    """Those of the other tests."""
    assert list(FAKES.iter_errors(document)) == []


@pytest.mark.parametrize(
    "bad", [bad for bad in BAD if bad.is_structure], ids=lambda bad: f"{bad.suffix}-{bad.says[:30]}"
)
def test_a_document_with_a_bad_structure_is_invalid(bad: Bad) -> None:
    """Each file of the table whose keys or types are wrong."""
    document = PARSERS[bad.suffix](bad.text).tables

    assert list(FAKES.iter_errors(document)) != []


@pytest.mark.parametrize(
    ("options", "valid"),
    [
        ({"adapter": "sqlite", "journal_mode": "wal"}, True),
        ({"adapter": "sqlite", "journal_mode": "war"}, False),
        ({"adapter": "sqlite", "host": "h"}, False),
        ({"url": "sqlite:///a.db", "journal_mode": "wal"}, True),
        ({"url": "sqlite:///a.db", "host": "h"}, False),
        ({"url": "postgresql://h/db", "ssl_mode": "require", "server_settings": {"work_mem": "1MB"}}, True),
        ({"url": "postgresql://h/db", "server_settings": {"work_mem": 1}}, False),
        ({"url": "postgresql://h/db", "journal_mode": "wal"}, False),
        ({"url": "postgresql+asyncpg://h/db", "hosts": [["a", 5432], ["b", None]]}, True),
        ({"url": "postgresql+asyncpg://h/db", "hosts": [["a"]]}, False),
        ({"url": "${DATABASE_URL}", "journal_mode": "wal", "threads": 3}, True),
        ({"url": "${DATABASE_URL}", "pool_sise": 3}, False),
        ({"extends": "base", "journal_mode": "wal"}, True),
        ({"adapter": "redis", "database": 3, "password": "x", "codec": None}, True),
        ({"adapter": "redis", "database": "x"}, False),
        ({"adapter": "redis", "database": "${N}", "pool_size": "${SIZE:-3}", "read_only": "${RO}"}, True),
        ({"adapter": "redis", "password": 123}, False),
        ({"adapter": "asyncmy", "local_infile": True}, False),
        ({"adapter": "${ADAPTER}", "pool_size": 3}, True),
        ({"adapter": "nosuch"}, False),
        ({"adapter": "duckdb", "instrumentation": {"log_queries": "${LOG}"}}, True),
        ({"adapter": "duckdb", "instrumentation": {"log_query": True}}, False),
    ],
)
def test_a_database_has_the_options_of_its_adapter(options: dict[str, Any], valid: bool) -> None:
    """Which its name or its URL tells; where neither does, those of any."""
    assert VALIDATOR.is_valid(one(**options)) is valid


# --- what it holds ----------------------------------------------------------------------------------


def test_every_option_of_every_adapter_is_described() -> None:
    """By the docstring under its field; with its default, unless that is nothing or a table."""
    definitions = INSTALLED["$defs"]

    adapters = definitions.keys() - {"any-adapter", "database"}
    assert adapters == {"asyncmy", "asyncpg", "duckdb", "psycopg", "redis", "sqlite"}
    for adapter in adapters:
        options = definitions[adapter]["properties"]
        assert [name for name, schema in options.items() if "description" not in schema] == []
        assert options["pool_size"]["default"] == DatabaseConfig.__struct_defaults__[1] == 10
    inner = definitions["sqlite"]["properties"]["instrumentation"]["properties"]
    assert inner.keys() == set(InstrumentationConfig.__struct_fields__)
    assert inner["log_results"]["description"] == "Log rows, which are the application's data."
    assert all("description" in schema for schema in inner.values())


def test_what_only_code_may_set_is_not_in_it() -> None:
    """A file that has it is refused."""
    assert "local_infile" not in INSTALLED["$defs"]["asyncmy"]["properties"]


def test_a_class_without_source_has_no_descriptions() -> None:
    """As in an application that was frozen; everything else is there."""
    namespace: dict[str, Any] = {"NetConfig": NetConfig}
    exec("class Own(NetConfig, frozen=True, kw_only=True):\n    more: int = 1\n    '''Doc.'''", namespace)  # noqa: S102

    schema = document_schema({"net": namespace["Own"]}, {})

    assert schema["$defs"]["net"]["properties"]["more"]["anyOf"][0] == {"type": "integer"}
    assert "description" not in schema["$defs"]["net"]["properties"]["more"]


def test_a_broken_adapter_is_left_out_and_named() -> None:
    """The others are not its business."""
    schema = document_schema({"net": NetConfig}, {}, ["oracle"])

    assert schema["$comment"] == "Left out, for they can not be loaded: oracle."


def test_no_driver_is_imported_for_it() -> None:
    """Nor a database opened: the schema is made where no server and no driver's library is."""
    code = (
        "import sys\nfrom sqlspec import SQLSpec\nSQLSpec.json_schema()\n"
        "print([name for name in sys.argv[1:] if name in sys.modules])"
    )
    drivers = ["asyncmy", "asyncpg", "duckdb", "psycopg", "redis", "sqlite3", "yaml"]

    done = subprocess.run([sys.executable, "-c", code, *drivers], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
    assert sqlspec.__version__
