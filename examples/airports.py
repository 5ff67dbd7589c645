"""28 000 airports, two databases, one registry: `hatch run demo`.

Loads the airports of the `airportsdata` package into the first database of `airports.toml`, which is SQLite,
moves them as typed objects to the second, which is DuckDB, and has them counted and searched there, from
threads and from tasks. Then compares what the two hold with the source, row by row and in no order. Exits 1
if one value differs.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from dataclasses import asdict, astuple, dataclass, fields
from hashlib import blake2b
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import airportsdata

from sqlspec import SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sized

Done = TypeVar("Done", bound="Sized | int")

CONFIG = Path(__file__).with_name("airports.toml")
ONE_BY_ONE = 2_000
"""Airports that go through `execute_many`; the others are loaded in bulk."""

TABLE = """
CREATE TABLE airport (
    icao TEXT PRIMARY KEY, iata TEXT NOT NULL, name TEXT NOT NULL, city TEXT NOT NULL, country TEXT NOT NULL,
    elevation DOUBLE PRECISION NOT NULL, lat DOUBLE PRECISION NOT NULL, lon DOUBLE PRECISION NOT NULL,
    tz TEXT NOT NULL
);
CREATE INDEX airport_country ON airport (country, elevation);
"""
INSERT = "INSERT INTO airport VALUES (:icao, :iata, :name, :city, :country, :elevation, :lat, :lon, :tz)"


@dataclass(frozen=True)
class Airport:
    """One row, wherever it is: in the package, in a database, or on its way between two."""

    icao: str
    iata: str
    name: str
    city: str
    country: str
    elevation: float
    lat: float
    lon: float
    tz: str


class Country(NamedTuple):
    """How many airports a country has."""

    country: str
    airports: int


class Fingerprint(NamedTuple):
    """What a set of rows amounts to, in whatever order they come."""

    rows: int
    checksum: int

    def __str__(self) -> str:
        return f"{self.rows:>7,} rows  {self.checksum:016x}"


# --- the steps --------------------------------------------------------------------------------------


def read() -> list[Airport]:
    """The airports of the package."""
    values = itemgetter(*(field.name for field in fields(Airport)))
    return [Airport(*values(row)) for row in airportsdata.load().values()]


def create(spec: SQLSpec) -> tuple[str, ...]:
    """The table, in every database there is."""
    for name in spec.names:
        with spec.provide_session(name) as session:
            session.execute_script(TABLE)
    return spec.names


def insert(spec: SQLSpec, airports: list[Airport]) -> int:
    """Rows through one statement, with named placeholders, into the default database."""
    with spec.provide_session() as session:
        return session.execute_many(INSERT, (asdict(one) for one in airports)).rowcount


def load(spec: SQLSpec, airports: list[Airport]) -> int:
    """Rows by the driver's fastest path, into the database that this type of config means."""
    with spec.provide_session(SQLiteConfig) as session:
        return session.load("airport", airports)


def move(spec: SQLSpec) -> int:
    """Every row from one database to the other, as objects."""
    with (
        spec.provide_session("transactional", read_only=True) as source,
        spec.provide_session("analytics") as target,
    ):
        return target.load("airport", source.stream("SELECT * FROM airport", schema_type=Airport))


def most(spec: SQLSpec) -> list[Country]:
    """The countries with most airports, asked of the database by its name."""
    counts = "SELECT country, count(*) AS airports FROM airport GROUP BY country ORDER BY 2 DESC, 1 LIMIT ?"
    with spec.provide_session("analytics") as session:
        return session.execute(counts, (6,), schema_type=Country).all()


async def highest(spec: SQLSpec, countries: Iterable[Country]) -> list[Airport]:
    """The highest airport of each country, all asked at once; the same driver, now under async."""

    async def of(country: str) -> Airport:
        top = "SELECT * FROM airport WHERE country = :country ORDER BY elevation DESC, icao LIMIT 1"
        async with spec.provide_session("analytics") as session:
            return await session.execute(top, {"country": country}, schema_type=Airport).one()

    return list(await asyncio.gather(*(of(one.country) for one in countries)))


# --- the proof --------------------------------------------------------------------------------------


def fingerprint(rows: Iterable[tuple[Any, ...]]) -> Fingerprint:
    """The number of *rows* and the sum of their hashes: any order gives the same, another value does not."""
    hashes = [int.from_bytes(blake2b(repr(row).encode(), digest_size=8).digest()) for row in rows]
    return Fingerprint(len(hashes), sum(hashes) % 2**64)


def stored(spec: SQLSpec, name: str) -> Fingerprint:
    """What a database holds, read by the driver alone: nothing of ours touches the rows."""
    with spec.provide_connection(name) as driver:
        return fingerprint(driver.execute("SELECT * FROM airport").fetchall())


def differing(prints: dict[str, Fingerprint], source: str = "source") -> list[str]:
    """The names whose rows are not those of the *source*."""
    return [name for name, found in prints.items() if found != prints[source]]


# --- the show ---------------------------------------------------------------------------------------


def timed(what: str, step: Callable[[], Done]) -> Done:
    """Run one step and print how many rows it dealt with, and how long it took."""
    started = time.perf_counter()
    done = step()
    seconds = time.perf_counter() - started
    print(f"{what:<42}{done if isinstance(done, int) else len(done):>8,}{seconds * 1000:>11,.1f} ms")
    return done


def show(countries: list[Country], airports: list[Airport]) -> None:
    """The table of what was found."""
    print(f"\n{'country':<10}{'airports':>8}   {'highest':<34}{'feet':>8}")
    for (country, count), top in zip(countries, airports, strict=True):
        print(f"{country:<10}{count:>8,}   {top.name[:33]:<34}{top.elevation:>8,.0f}")


def run(spec: SQLSpec, move: Callable[[SQLSpec], int]) -> dict[str, Fingerprint]:
    """All steps, and the fingerprints of the source and of every database."""
    names = timed("register_from_file, databases", lambda: spec.register_from_file(CONFIG))
    airports = timed("read airportsdata", read)
    timed("create tables", lambda: create(spec))
    timed("execute_many, into the default database", lambda: insert(spec, airports[:ONE_BY_ONE]))
    timed("load, into the database found by type", lambda: load(spec, airports[ONE_BY_ONE:]))
    timed("stream and load, to the other as objects", lambda: move(spec))
    countries = timed("count by country, sync", lambda: most(spec))
    tops = timed("highest of each, async and all at once", lambda: asyncio.run(highest(spec, countries)))
    show(countries, tops)
    source = fingerprint(astuple(one) for one in airports)
    return {"source": source, **{name: stored(spec, name) for name in names}}


def main(*, move: Callable[[SQLSpec], int] = move) -> int:
    """Run the demo; 0 if both databases hold exactly the source's rows, else 1."""
    with TemporaryDirectory() as folder, SQLSpec() as spec:
        os.environ["AIRPORTS_DIR"] = folder
        prints = run(spec, move)
    wrong = differing(prints)
    print()
    for name, found in prints.items():
        print(f"{name:<14}{found}  {'DIFFERS' if name in wrong else 'ok'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
