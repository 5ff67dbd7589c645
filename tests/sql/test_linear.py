"""Time grows with the length of the text, never faster, whatever the text holds."""

from __future__ import annotations

from contextlib import suppress
from time import process_time

import pytest

from sqlspec.errors import UsageError
from sqlspec.sql import SQLITE, STANDARD, Dialect, statements_for

KILOBYTE = 1024
MEGABYTE = 1024 * KILOBYTE
HARD = Dialect(
    name="hard",
    string_quotes=("'",),
    escape_prefixes="eE",
    dollar_quotes=True,
    nested_comments=True,
    qmark_operators=("?|", "?&", "@?"),
    colon_after_operand=True,
    atomic=("FUNCTION",),
    enclosed=("RULE",),
)
BACKSLASHES = Dialect(name="backslashes", backslash_escapes=True, line_comments=("-- ", "#"))
DIALECTS = [SQLITE, STANDARD, HARD, BACKSLASHES]
PATTERNS = [
    *(
        "'",
        '"',
        "/*",
        "(",
        "[",
        "`",
        "-",
        "--",
        "--\n",
        "/",
        "*/",
        "$",
        "$$",
        "$a",
        "$a$",
        "\\",
        "'\\",
        "\\'",
    ),
    *(
        ";",
        "';",
        "a;",
        "/**/;",
        "?",
        "? ",
        "?|",
        "a ?|",
        ":a",
        ":a ",
        "a:b",
        "::",
        ":",
        "%(",
        "%",
        "a",
        "a ",
        "E'",
    ),
    *(
        "CREATE TRIGGER;",
        "CREATE TRIGGER x;END x;",
        "END;",
        "/* ?|",
        "/**/?|",
        "é",
        "1",
        "@",
        "#",
        "é:a",
        "a)",
        "CREATE RULE (;",
        "CREATE FUNCTION BEGIN ATOMIC;",
        "CREATE FUNCTION BEGIN;",
        "BEGIN ",
        "E''\n",
        "E''--\n",
    ),
]


def seconds(text: str, dialect: Dialect, paramstyle: str) -> float:
    """CPU time of one compilation."""
    begun = process_time()
    with suppress(UsageError):  # refused is fine, as long as it is soon
        statements_for(dialect, paramstyle).compile(text)
    return process_time() - begun


@pytest.mark.parametrize("pattern", ["'", '"', "/*", "("])
@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_megabyte_of_anything_takes_less_than_a_second(dialect: Dialect, pattern: str) -> None:
    """Never closed, or closed and opened a million times."""
    assert seconds(pattern * (MEGABYTE // len(pattern)), dialect, "numeric_dollar") < 1.0


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_eight_times_the_text_takes_about_eight_times_as_long(dialect: Dialect, pattern: str) -> None:
    """Quotes, nests, operators, statements: no step is taken twice. Quadratic would be 64 times."""
    short = pattern * (4 * KILOBYTE // len(pattern))
    for paramstyle in ("numeric_dollar", "pyformat"):
        once = min(seconds(short, dialect, paramstyle) for _ in range(5))
        eight = min(seconds(short * 8, dialect, paramstyle) for _ in range(3))

        assert eight < 30 * once + 0.001
