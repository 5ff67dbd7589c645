"""Files that are wrong, each with the line and column that its error must name."""

from __future__ import annotations

from typing import NamedTuple

from tests.config.fake import CANARY


class Bad(NamedTuple):
    """A file and its one error: the place, and a part of what is said."""

    suffix: str
    text: str
    line: int
    column: int
    says: str
    is_structure: bool = False
    """Whether a JSON Schema can know it too."""


TOML_HEAD = "[databases.main]\nadapter = 'net'\n"
FILE_HEAD = "[databases.main]\nadapter = 'file'\n"
TEMPLATE = f"{TOML_HEAD}extends = 'base'\n[templates.base]\n"
YAML_HEAD = "databases:\n  main:\n    adapter: net\n"
DEEP = 10_000

TOML = [
    Bad("toml", "a = 1\na = 2", 2, 6, "the key is there already"),
    Bad("toml", "[a]\nb = 1\n[a]", 3, 3, "the table is there already"),
    Bad("toml", "a = {x = 1, x = 2}", 1, 18, "the key is there already"),
    Bad("toml", "[databases.main]\nadapter.x = 1\nadapter = 'net'", 3, 16, "the key is there already"),
    Bad("toml", f"[databases.main]\npassword = {CANARY}", 2, 12, "a text stands in quotes"),
    Bad("toml", f'[databases.main]\npassword = "{CANARY}\n', 2, 12, "a text does not end"),
    Bad("toml", f"[databases.main]\n{CANARY}", 2, 14, "expected = after a key"),
    Bad("toml", f"x = [1, '{CANARY}'", 1, 24, "a bracket does not close"),
    Bad("toml", f'x = "\\{CANARY}"', 1, 8, "no such escape"),
    Bad("toml", f"x = '''{CANARY}\n\n", 1, 5, "a text does not end"),
    Bad("toml", f"x = '{CANARY}' y = 1", 1, 21, "one entry for each line"),
    Bad("toml", f"x = '{CANARY}\0'", 1, 19, "control character"),
    Bad("toml", "x = 2000-02-31", 1, 5, "no such date"),
    Bad("toml", "[databases", 1, 11, "expected ]"),
    Bad("toml", "ä = 1", 1, 1, "letters other than A to Z"),
    Bad("toml", "\nx = " + "[" * DEEP, 2, 37, "nested deeper than 32 levels"),
    Bad("toml", "\nx = " + "9" * 5000, 2, 5, "more than 1000 characters without quotes"),
    Bad("toml", "\n" + ".".join("a" * 500_000) + " = 1", 2, 1, "too many parts"),
    Bad("toml", TOML_HEAD + "settings." + ".".join("a" * 20) + " = 1", 3, 1, "nested deeper than 16 levels"),
    Bad("toml", TOML_HEAD + "pool_sise = 3", 3, 1, "Did you mean 'pool_size'?", is_structure=True),
    Bad("toml", TOML_HEAD + f"pool_size = '{CANARY}'", 3, 1, "expected a whole number, got str", is_structure=True),
    Bad("toml", TOML_HEAD + "pool_size = 1.5", 3, 1, "expected a whole number, got float", is_structure=True),
    Bad("toml", TOML_HEAD + "read_only = 'yes'", 3, 1, "expected true or false, got str", is_structure=True),
    Bad("toml", TOML_HEAD + "password = 12345", 3, 1, "expected str or Secret", is_structure=True),
    Bad("toml", TOML_HEAD + "reset = 'half'", 3, 1, "expected 'full' or 'rollback'", is_structure=True),
    Bad("toml", TOML_HEAD + "local_infile = true", 3, 1, "can be set in code only", is_structure=True),
    Bad("toml", TOML_HEAD + "pool_size = 0", 3, 1, "must be at least 1"),
    Bad("toml", TOML_HEAD + "connect_timeout = inf", 3, 1, "finite number of seconds"),
    Bad("toml", TOML_HEAD + "connect_timeout = 1979-05-27", 3, 1, "expected seconds (5 or 0.5), got date"),
    Bad("toml", TOML_HEAD + f"host = '${{{CANARY}'", 3, 1, "a lone $"),
    Bad("toml", TOML_HEAD + 'host = "a\\u0000b"', 3, 1, "NUL"),
    Bad("toml", TOML_HEAD + f"url = 'net://u:{CANARY}#@h'", 3, 1, "special characters"),
    Bad("toml", TOML_HEAD + f"url = 'net://u:{CANARY}@h?pool_sise=1'", 3, 1, "Did you mean 'pool_size'?"),
    Bad("toml", TOML_HEAD + "instrumentation.log = true", 3, 1, "unknown option", is_structure=True),
    Bad("toml", TOML_HEAD + "instrumentation = 5", 3, 1, "expected a table, got int", is_structure=True),
    Bad("toml", "\ndatabase.main = {}", 2, 1, "unknown key. Did you mean 'databases'?", is_structure=True),
    Bad("toml", "databases = 5", 1, 1, "expected a table, got int", is_structure=True),
    Bad("toml", "[databases]\n\n  main = 5", 3, 3, "expected a table, got int", is_structure=True),
    Bad("toml", "[[databases]]", 1, 3, "expected a table, got list", is_structure=True),
    Bad("toml", "default = 5", 1, 1, "expected a database's name, got int", is_structure=True),
    Bad("toml", "default = 'man'\n" + TOML_HEAD, 1, 1, "no such database here. Did you mean 'main'?"),
    Bad("toml", "[profiles.p]\nx = 1", 2, 1, "unknown key", is_structure=True),
    Bad("toml", TOML_HEAD + "extends = 'main'", 3, 1, "extends itself"),
    Bad("toml", TOML_HEAD + "extends = 'bas'\n[templates.base]", 3, 1, "Did you mean 'base'?"),
    Bad("toml", TOML_HEAD + "extends = 5", 3, 1, "expected a name, got int", is_structure=True),
    Bad("toml", "[databases.main]\npool_size = 2", 1, 2, "which adapter"),
    Bad("toml", "[databases.main]\nurl = 'main.db'", 2, 1, "a url begins with its adapter's name"),
    Bad(
        "toml",
        f"[databases.main]\nurl = '{CANARY}:{CANARY}://h'",
        2,
        1,
        "a url begins with its adapter's name",
    ),
    Bad("toml", f"[databases.main]\nadapter = '{CANARY} '", 2, 1, "adapter is a name of letters"),
    Bad("toml", "[databases.main]\nadapter.x = 1", 2, 1, "adapter is a name, not a table", is_structure=True),
    Bad("toml", TOML_HEAD + "extends.x = 1", 3, 1, "unknown option", is_structure=True),
    Bad(
        "toml",
        TOML_HEAD + f"busy_timeout = ['{CANARY}']",
        3,
        1,
        "expected seconds (5 or 0.5), got list",
        is_structure=True,
    ),
    Bad(
        "toml",
        FILE_HEAD + "settings.a = 'x'\nsettings.b = 2",
        4,
        1,
        "settings.b: expected str, got int",
        is_structure=True,
    ),
    Bad("toml", FILE_HEAD + f"settings = '{CANARY}'", 3, 1, "expected a table of str", is_structure=True),
    Bad("toml", TOML_HEAD + "max_connections = 3", 3, 1, "Did you mean 'pool_size'?", is_structure=True),
    Bad("toml", "[tool.sqlspec.x]\na = 1", 1, 2, "is for pyproject.toml", is_structure=True),
    Bad("toml", "[databases.main]\nadapter = 'postgres'", 2, 1, "the adapter is called psycopg or asyncpg"),
    Bad("toml", "[databases.main]\nurl = 'redis-sentinel://h'", 2, 1, "url: Redis Sentinel is not supported"),
    Bad("toml", TEMPLATE + "instrumentation.log_results = true", 5, 1, "neither is set"),
    Bad("toml", TEMPLATE + "pool_size = 0\n[databases.b]\nextends = 'main'", 5, 1, "must be at least 1"),
    Bad("toml", "[databases.' main']\nadapter = 'net'", 1, 2, "without blanks at its ends"),
]

YAML = [
    Bad("yaml", YAML_HEAD + "    pool_size: 1\n    pool_size: 2\n", 5, 5, "the key is there already"),
    Bad("yaml", f"a: &x {CANARY}\n", 1, 4, "an anchor"),
    Bad("yaml", "a: *x\n", 1, 4, "an alias"),
    Bad("yaml", "a: [1, *x]\n", 1, 8, "an alias"),
    Bad("yaml", "*x : 1\n", 1, 1, "an alias"),
    Bad("yaml", "a:\n  <<: {b: 1}\n", 2, 3, "a merge key"),
    Bad("yaml", f"a: !!str {CANARY}\n", 1, 4, "a tag"),
    Bad("yaml", "a: !!python/object/apply:os.system ['true']\n", 1, 4, "a tag"),
    Bad("yaml", "!x\na: 1\n", 1, 1, "a tag"),
    Bad("yaml", "a: ! 1\n", 1, 4, "a tag"),
    Bad("yaml", "%YAML 1.1\n---\na: 1\n", 1, 1, "a directive"),
    Bad("yaml", "a: 1\n---\nb: 2\n", 2, 1, "a second document"),
    Bad("yaml", "&a\n", 1, 1, "an anchor"),
    Bad("yaml", "- a\n- b\n", 1, 1, "expected names with a colon"),
    Bad("yaml", f"{CANARY}\n", 1, 1, "expected names with a colon"),
    Bad("yaml", "[a]: 1\n", 1, 1, "a key is a text"),
    Bad("yaml", "databases:\n  1: {adapter: net}\n", 2, 3, "a key is a text; quote it"),
    Bad("yaml", "databases:\n  no: {adapter: net}\n", 2, 3, "as a boolean; quote it"),
    Bad("yaml", YAML_HEAD + "    read_only: yes\n", 4, 16, "as a boolean; quote it"),
    Bad("yaml", YAML_HEAD + "    read_only: Off\n", 4, 16, "as a boolean; quote it"),
    Bad("yaml", YAML_HEAD + "    host: n\n", 4, 11, "as a boolean; quote it"),
    Bad("yaml", YAML_HEAD + "    pool_size: 010\n", 4, 16, "as an octal or binary number; quote it"),
    Bad("yaml", YAML_HEAD + "    pool_size: 0o10\n", 4, 16, "as an octal or binary number; quote it"),
    Bad("yaml", YAML_HEAD + "    pool_size: 0b11\n", 4, 16, "as an octal or binary number; quote it"),
    Bad("yaml", YAML_HEAD + "    connect_timeout: 1:30\n", 4, 22, "as a number to the base of 60; quote it"),
    Bad("yaml", YAML_HEAD + "    database: 2024-01-01\n", 4, 15, "as a date; quote it"),
    Bad("yaml", YAML_HEAD + "    connect_timeout: .inf\n", 4, 22, "not finite; quote it"),
    Bad("yaml", YAML_HEAD + "    pool_size: 1_000\n", 4, 16, "as a number; quote it"),
    Bad("yaml", YAML_HEAD + "    connect_timeout: 1e3\n", 4, 22, "as a number; quote it"),
    Bad("yaml", YAML_HEAD + "    password: =\n", 4, 15, "as a value of its own; quote it"),
    Bad("yaml", YAML_HEAD + "    pool_size: " + "9" * 5000, 4, 16, "as a number; quote it"),
    Bad("yaml", f"a:\n\t{CANARY}: 1\n", 2, 1, "a tab can not stand here"),
    Bad("yaml", f"a: {CANARY}: 1\n", 1, 17, "a colon without a key"),
    Bad("yaml", "a: {b: ${C}}\n", 1, 9, "in brackets a text with ${…} stands in quotes"),
    Bad("yaml", "a:\n  b: 1\n   c: 2\n", 3, 5, "check the indentation"),
    Bad("yaml", YAML_HEAD + "    instrumentation:\n      log_results: true\n", 5, 7, "neither is set"),
    Bad("yaml", f"a:\n  b: 1\n c: {CANARY}\n", 3, 2, "does not line up"),
    Bad("yaml", f"a: [1, {CANARY}\n", 2, 1, "a bracket does not close"),
    Bad("yaml", f"a: '{CANARY}\n", 2, 1, "a text does not end"),
    Bad("yaml", f'a: "\\{CANARY}"\n', 1, 6, "no such escape"),
    Bad("yaml", f"a: @{CANARY}\n", 1, 4, "stands in quotes"),
    Bad("yaml", f"a: {CANARY}\x07\n", 1, 17, "a control character"),
    Bad("yaml", "a: " + "[" * DEEP, 1, 35, "nested deeper than 32 levels"),
    Bad("yaml", "".join(f"{' ' * n}a:\n" for n in range(40)), 33, 33, "nested deeper than 32 levels"),
    Bad("yaml", "".join(f"{' ' * n}a:\n" for n in range(20)), 1, 1, "unknown key", is_structure=True),
    Bad("yaml", YAML_HEAD + "    pool_size: '7'\n", 4, 5, "expected a whole number, got str", is_structure=True),
    Bad("yaml", YAML_HEAD + "    pool_size:\n", 4, 5, "expected a whole number, got None", is_structure=True),
    Bad("yaml", YAML_HEAD + "    hots: a\n", 4, 5, "Did you mean 'host'?", is_structure=True),
    Bad("yaml", "databases:\n  main:\n", 2, 3, "expected a table, got None", is_structure=True),
    Bad("yaml", "databases: [main]\n", 1, 1, "expected a table, got list", is_structure=True),
    Bad("yaml", YAML_HEAD + f"    host: {CANARY}$\n", 4, 5, "a lone $"),
]

JSON_HEAD = '{"databases": {"main": {"adapter": "net",\n'
JSON = [
    Bad("json", "", 1, 1, "expected an object"),
    Bad("json", "[]", 1, 1, "expected an object"),
    Bad("json", '{"a": 1,\n "a": 2}', 2, 2, "the key is there already"),
    Bad("json", '{"a": [{"b": 1, "b": 2}]}', 1, 17, "the key is there already"),
    Bad("json", '{"a": NaN}', 1, 7, "no JSON value"),
    Bad("json", '{"a": -Infinity}', 1, 7, "no JSON value"),
    Bad("json", '{"a": 1e999}', 1, 7, "a number is too large"),
    Bad("json", '{"a": 01}', 1, 7, "no JSON value"),
    Bad("json", '{"a": ' + "9" * 5000 + "}", 1, 7, "no JSON value"),
    Bad("json", f"{{'a': '{CANARY}'}}", 1, 2, "expected a key in double quotes"),
    Bad("json", f'{{"a": {CANARY}}}', 1, 7, "no JSON value"),
    Bad("json", f'{{"a": "{CANARY}', 1, 7, "a text does not end"),
    Bad("json", f'{{"a": "{CANARY}\n"}}', 1, 21, "no JSON text"),
    Bad("json", f'{{"a": "\\{CANARY}"}}', 1, 8, "no JSON text"),
    Bad("json", '{"a": 1,}', 1, 9, "another entry after the comma"),
    Bad("json", '{"a": [1,]}', 1, 10, "another entry after the comma"),
    Bad("json", '{"a" 1}', 1, 6, "expected : after a key"),
    Bad("json", '{"a": 1 "b": 2}', 1, 9, "expected , or }"),
    Bad("json", '{"a": [1', 1, 9, "expected , or ]"),
    Bad("json", '{"a": 1', 1, 8, "expected , or }"),
    Bad("json", '{"a": 1} // no', 1, 10, "expected the end of the text"),
    Bad("json", '{\n// no\n"a": 1}', 2, 1, "expected a key in double quotes"),
    Bad("json", '{"a": ' + "[" * DEEP, 1, 38, "nested deeper than 32 levels"),
    Bad("json", '{"a":' * DEEP, 1, 161, "nested deeper than 32 levels"),
    Bad("json", '{"database": {}}', 1, 2, "unknown key. Did you mean 'databases'?", is_structure=True),
    Bad("json", JSON_HEAD + ' "pool_sise": 3}}}', 2, 2, "Did you mean 'pool_size'?", is_structure=True),
    Bad(
        "json", JSON_HEAD + f'"pool_size": "{CANARY}"}}}}}}', 2, 1, "expected a whole number, got str", is_structure=True
    ),
    Bad("json", JSON_HEAD + '"pool_size": true}}}', 2, 1, "expected a whole number, got bool", is_structure=True),
    Bad("json", JSON_HEAD + '"pool_size": null}}}', 2, 1, "expected a whole number, got None", is_structure=True),
    Bad("json", JSON_HEAD + '"pool_size": ' + "9" * 300 + "}}}", 2, 1, "more than 64 bits"),
    Bad("json", JSON_HEAD + '"port": [1]}}}', 2, 1, "expected a whole number or None, got list", is_structure=True),
    Bad("json", JSON_HEAD + '"host": "\\ud800"}}}', 2, 1, "half of a surrogate pair"),
    Bad("json", JSON_HEAD + '"host": {"a": {"b": 1}}}}}', 2, 1, "expected str or None", is_structure=True),
    Bad("json", '{"databases": {"main": null}}', 1, 16, "expected a table", is_structure=True),
]

BAD = [*TOML, *YAML, *JSON]
