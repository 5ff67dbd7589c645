"""An application whose tests are an example: rooms, and who has booked them.

Its functions open their own sessions, in threads and in tasks, and commit. No test passes a session to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date  # noqa: TC003 - sqlspec reads the annotations

from sqlspec import SQLSpec

spec = SQLSpec()

TABLES = """
CREATE TABLE room (number INTEGER PRIMARY KEY, beds INTEGER NOT NULL CHECK (beds > 0));
CREATE TABLE booking (
    id INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    room INTEGER NOT NULL REFERENCES room DEFERRABLE INITIALLY DEFERRED,
    day DATE NOT NULL,
    guest TEXT NOT NULL,
    UNIQUE (room, day)
);
CREATE TABLE journal (entry TEXT NOT NULL);
INSERT INTO room VALUES (1, 2), (2, 2), (3, 4);
"""


@dataclass
class Booking:
    """One night in one room."""

    room: int
    day: date
    guest: str


def migrate(url: str) -> None:
    """Make the tables in a new database."""
    with SQLSpec() as new:
        new.register_config(url, "main")
        with new.provide_session("main", autocommit=True) as session:
            session.execute_script(TABLES)


def book(room: int, day: date, guest: str) -> None:
    """Book a room. Raises `UniqueViolationError` if it is taken, `ForeignKeyViolationError` without it."""
    with spec.provide_session("main") as session:
        session.execute("INSERT INTO booking (room, day, guest) VALUES (?, ?, ?)", (room, day, guest))
        session.execute("INSERT INTO journal VALUES (?)", (f"{guest} has booked",))


def cancel(room: int, day: date) -> bool:
    """Cancel a booking. Returns whether there was one."""
    with spec.provide_session("main", autocommit=True) as session:
        return session.execute("DELETE FROM booking WHERE room = ? AND day = ?", (room, day)).rowcount == 1


def add_rooms(rooms: list[tuple[int, int]]) -> int:
    """Add rooms with their beds: all of them, or none."""
    with spec.provide_session("main") as session:
        return session.load("room", rooms, ["number", "beds"])


def close_floor(rooms: list[int]) -> None:
    """Take rooms out, with their bookings, as a script of the hotel's does it."""
    listed = ", ".join(map(str, rooms))
    with spec.provide_session("main", autocommit=True) as session:
        session.execute_script(
            f"BEGIN; DELETE FROM booking WHERE room IN ({listed});"  # noqa: S608 - they are numbers
            f"DELETE FROM room WHERE number IN ({listed}); COMMIT;"
        )


async def book_first(day: date, guest: str, beds: int = 1) -> int:
    """Book the first room that is free and large enough, and return its number; 0 if there is none."""
    async with spec.provide_session("main") as session:
        room = await session.execute(
            "SELECT number FROM room WHERE beds >= ? "
            "AND number NOT IN (SELECT room FROM booking WHERE day = ?) ORDER BY number LIMIT 1",
            (beds, day),
        ).scalar_or_none()
        if room is not None:
            await session.execute(
                "INSERT INTO booking (room, day, guest) VALUES (?, ?, ?)", (room, day, guest)
            )
            await session.commit()
        return room or 0


async def guests(day: date) -> list[Booking]:
    """Who is there on a day."""
    async with spec.provide_session("main", read_only=True) as session:
        return await session.execute(
            "SELECT room, day, guest FROM booking WHERE day = ? ORDER BY room", (day,), schema_type=Booking
        ).all()
