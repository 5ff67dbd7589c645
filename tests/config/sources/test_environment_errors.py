"""Wrong environment variables: each error names the variable, and what was expected or nearly meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import AdapterNotInstalledError, ConfigSourceError
from tests.config.fake import CANARY
from tests.config.sources.environments import FILES, MAPPING, refused

if TYPE_CHECKING:
    from sqlspec import SQLSpec


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("POOL_SIZE", CANARY, "pool_size: expected a whole number"),
        ("POOL_SIZE", " 5", "pool_size: expected a whole number"),
        ("POOL_SIZE", "1e3", "pool_size: expected a whole number"),
        ("POOL_SIZE", "20.0", "pool_size: expected a whole number"),
        ("POOL_SIZE", "5_0", "pool_size: expected a whole number"),
        ("POOL_SIZE", "٥", "pool_size: expected a whole number"),
        ("POOL_SIZE", "0", "pool_size: must be at least 1"),
        ("POOL_SIZE", "9" * 5000, "pool_size: expected a whole number"),
        ("READ_ONLY", "yes", "read_only: expected true or false"),
        ("READ_ONLY", "on", "read_only: expected true or false"),
        ("CONNECT_TIMEOUT", "5s", "connect_timeout: expected seconds (5 or 0.5)"),
        ("CONNECT_TIMEOUT", "nan", "connect_timeout: must be a finite number of seconds above 0"),
        ("POOL_RECYCLE", "None", "pool_recycle: expected seconds (5 or 0.5) or null"),
        ("RESET", CANARY, "reset: expected 'full' or 'rollback'"),
        ("HOST", "a\udcff", "host: holds a NUL character or half of a surrogate pair"),
        ("HOST", "a\0", "host: holds a NUL character or half of a surrogate pair"),
        ("LOCAL_INFILE", "true", "local_infile: can be set in code only, not from data"),
        ("INSTRUMENTATION__LOG_QUERIES", CANARY, "instrumentation.log_queries: expected true or false"),
    ],
)
def test_values_are_converted_strictly(spec: SQLSpec, option: str, value: str, says: str) -> None:
    """Errors name the variable, the option and the expected type, and never the value."""
    environ = {"DB_PRIMARY_ADAPTER": "net", f"DB_PRIMARY_{option}": value}

    assert refused(spec, environ) == [f"DB_PRIMARY_{option}: databases.primary.{says}"]


NO_DATABASE = "environment: no database; each has a name, such as MAIN: set DB_MAIN_URL or DB_MAIN_ADAPTER"
NO_ADAPTER = "'postgresql' is a URL's scheme and no adapter; the adapter is called psycopg or asyncpg"
A_TABLE = "a table; set its options, such as DB_PRIMARY_INSTRUMENTATION__ENABLE_OPENTELEMETRY"
LOG_QUERIES = "unknown option. Did you mean DB_PRIMARY_INSTRUMENTATION__LOG_QUERIES?"


@pytest.mark.parametrize(
    ("variable", "says"),
    [
        (
            "PRIMARY_POOL_SISE",
            "databases.primary.pool_sise: unknown option. Did you mean DB_PRIMARY_POOL_SIZE?",
        ),
        ("PRIMARY_PASSWRD", "databases.primary.passwrd: unknown option. Did you mean DB_PRIMARY_PASSWORD?"),
        (
            "PRIMARY_PASWORD_FILE",
            "databases.primary.pasword_file: unknown option. Did you mean DB_PRIMARY_PASSWORD_FILE?",
        ),
        ("PRIMARY_DBNAME", "databases.primary.dbname: unknown option. Did you mean DB_PRIMARY_DATABASE?"),
        (
            "PRIMARY_MAX_CONNECTIONS",
            "databases.primary.max_connections: unknown option. Did you mean DB_PRIMARY_POOL_SIZE?",
        ),
        ("PRIMARY__URL", "databases.primary._url: unknown option. Did you mean DB_PRIMARY_URL?"),
        ("PRIMARY_ADAPTR", "databases.primary.adaptr: unknown option. Did you mean DB_PRIMARY_ADAPTER?"),
        (
            "PRIMARY_INSTRUMENTATION__LOG_QUERYS",
            f"databases.primary.instrumentation__log_querys: {LOG_QUERIES}",
        ),
        (
            "PRIMARY_INSTRUMENTATION_LOG_QUERIES",
            f"databases.primary.instrumentation_log_queries: {LOG_QUERIES}",
        ),
        ("PRIMARY_INSTRUMENTATION", f"databases.primary.instrumentation: {A_TABLE}"),
        ("primary_pool_size", "write it in capitals: DB_PRIMARY_POOL_SIZE"),
        ("PRIMARY_USER", "is empty; unset it, or give it a value"),
        ("PRIMARY_USER_FILE", "is empty; unset it, or give it a value"),
        ("DEFAULT", "default: no such database here. Known: files, primary."),
    ],
)
@pytest.mark.parametrize("mapping", [MAPPING, None])
def test_a_near_miss_is_an_error(spec: SQLSpec, mapping: Any, variable: str, says: str) -> None:
    """With the variable that was meant."""
    value = "" if "USER" in variable else CANARY
    environ = {"DB_PRIMARY_URL": "net://h", **FILES, f"DB_{variable}": value}

    assert refused(spec, environ, mapping=mapping) == [f"DB_{variable}: {says}"]


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"DB_MAIN_ULR": CANARY}, ["DB_MAIN_ULR: unknown option. Did you mean DB_MAIN_URL?"]),
        ({"DB_MAIN_URI": CANARY}, ["DB_MAIN_URI: unknown option. Did you mean DB_MAIN_URL?"]),
        ({"DB_MAIN_ULR_FILE": CANARY}, ["DB_MAIN_ULR_FILE: unknown option. Did you mean DB_MAIN_URL_FILE?"]),
        ({"DB_X_POOL_SIZE": "5"}, ["DB_X_POOL_SIZE: names no database; set DB_X_URL or DB_X_ADAPTER"]),
        ({"DB__X_URL": CANARY}, ["DB__X_URL: names no database; set DB_X_URL or DB_X_ADAPTER"]),
        (
            {"DB_A-B_URL": CANARY},
            ["DB_A-B_URL: names no database; a name is of letters and digits, with single _ between them"],
        ),
        ({"DB_DEFAULT": ""}, ["DB_DEFAULT: is empty; unset it, or give it a value"]),
        ({"DB_URL": CANARY}, [NO_DATABASE]),
        ({"DB_HOST": CANARY, "DB_NAME": CANARY, "DB_USER": CANARY}, [NO_DATABASE]),
        ({}, [NO_DATABASE]),
        (
            {"DATABASE_URL": CANARY},
            [
                "environment: no database; DATABASE_URL has no name: pass its value to register_config()",
            ],
        ),
        (
            {"DB_MAIN_URL": f"'net://u:{CANARY}@h'"},
            [
                "DB_MAIN_URL: a url has no quotes around it; some programs pass on those of an .env file",
            ],
        ),
        (
            {"DB_MAIN_ADAPTER": "postgresql"},
            [f"DB_MAIN_ADAPTER: {NO_ADAPTER}"],
        ),
        ({"DB_MAIN_URL": 5}, ["DB_MAIN_URL: expected a text, got int"]),
        ({"DB_MAIN_URL": ""}, ["DB_MAIN_URL: is empty; unset it, or give it a value"]),
        (
            {"DB_MAIN_URL": CANARY},
            ["DB_MAIN_URL: a url begins with its adapter's name, like sqlite:///file.db"],
        ),
    ],
)
def test_a_database_that_is_not_declared_is_missed(
    spec: SQLSpec, environ: dict[str, Any], says: list[str]
) -> None:
    """Without a mapping; its other options would be lost without a word."""
    assert refused(spec, environ) == says


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({}, ["environment: nothing is said of 'primary'; set DB_PRIMARY_URL"]),
        (
            {"DB_PRIMRY_URL": CANARY},
            [
                "DB_PRIMRY_URL: no such database in mapping. Did you mean DB_PRIMARY_URL?",
                "environment: nothing is said of 'primary'; set DB_PRIMARY_URL",
            ],
        ),
        (
            {"DB_PRIMARY_HOST": "h", "DB_PRIMARY_ADAPTER": "file"},
            ["DB_PRIMARY_ADAPTER: databases.primary.adapter: NetConfig belongs to the adapter 'net'"],
        ),
    ],
)
def test_a_database_of_the_mapping_is_missed(spec: SQLSpec, environ: dict[str, Any], says: list[str]) -> None:
    """A default for everything, such as a database in memory, is not what was meant."""
    assert refused(spec, environ | FILES, mapping=MAPPING) == says


def test_all_errors_come_at_once(spec: SQLSpec) -> None:
    """Of names, of values and of adapters."""
    environ = {
        "DB_ONE_URL": "nosuch://h",
        "DB_TWO_URL": "net://h",
        "DB_TWO_POOL_SISE": "1",
        "DB_TWO_READ_ONLY": CANARY,
        "DB_DEFAULT": "three",
    }

    said = refused(spec, environ)

    assert [text.partition(":")[0] for text in said] == [
        "DB_ONE_URL",
        "DB_TWO_POOL_SISE",
        "DB_TWO_READ_ONLY",
        "DB_DEFAULT",
    ]


def test_a_missing_adapter_is_the_cause(spec: SQLSpec) -> None:
    """So that a program can tell it from a slip of the pen."""
    with pytest.raises(ConfigSourceError, match="DB_A_ADAPTER: adapter 'nosuch' is not installed") as caught:
        spec.register_from_env(environ={"DB_A_ADAPTER": "nosuch"})

    assert isinstance(caught.value.exceptions[0].__cause__, AdapterNotInstalledError)


def test_a_prefix_without_its_underscore_is_told(spec: SQLSpec) -> None:
    """Nothing would be found."""
    said = refused(spec, {"DB_MAIN_URL": "net://h"}, prefix="DB")

    assert said == ['DB_MAIN_URL: names no database; write prefix="DB_"']
