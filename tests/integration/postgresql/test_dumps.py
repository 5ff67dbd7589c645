"""What `pg_dump` writes is read back by `execute_script`, and is the same database."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

import pytest

from sqlspec_testkit.servers.clients import run_client
from sqlspec_testkit.servers.packages import find_programs

from .sides import Home, door_to

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec_testkit.servers import PostgreSQL

    from .sides import Side

TOKENS = re.compile(r"^\\(?:un)?restrict .*$", re.MULTILINE)
RICH = (Path(__file__).parent / "rich_schema.sql").read_text("utf-8")
COUNTED = (Path(__file__).parent / "rich_contents.sql").read_text("utf-8")


def dump(server: PostgreSQL, database: str, *options: str) -> str:
    """What pg_dump says of a database."""
    program = find_programs("postgresql", ("pg_dump",), ("postgresql-client",))["pg_dump"]
    target = replace(server.address, scheme="postgresql", password="", database=database).url()
    secret = {"PGPASSWORD": server.address.password}
    with NamedTemporaryFile() as file:  # a pipe read as text would lose carriage returns
        run_client(program, *options, "--no-owner", "--file", file.name, "--dbname", target, secrets=secret)
        return Path(file.name).read_bytes().decode()


@pytest.fixture(scope="module")
def rich(postgresql_server: PostgreSQL) -> Iterator[Home]:
    """The database that is dumped."""
    with postgresql_server.database() as name:
        home = Home(postgresql_server, name)
        home.sql(RICH)
        yield home


@pytest.mark.parametrize("option", ["--format=plain", "--inserts", "--column-inserts", "--clean"])
async def test_a_dump_is_the_database_that_was_dumped(side: Side, rich: Home, option: str) -> None:
    """With all that is in it, by psql's word and by another dump."""
    options = (option, "--if-exists") if option == "--clean" else (option,)
    script = dump(rich.server, rich.name, *options)
    expected = TOKENS.sub("", dump(rich.server, rich.name)), rich.sql(COUNTED)

    with rich.server.database() as name:
        other = replace(rich, name=name)
        async with door_to(side, other.url()) as door, door.session() as session:
            await session.execute_script(script)
        found = TOKENS.sub("", dump(rich.server, name)), other.sql(COUNTED)

    assert found == expected
