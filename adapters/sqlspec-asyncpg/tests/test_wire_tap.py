"""What the tap reads of the server's messages, however the network cuts them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlspec.plugin import TransactionStatus
from sqlspec_asyncpg.ending import judge
from sqlspec_asyncpg.wire_tap import CommandTagReader, Reply, WireTap

if TYPE_CHECKING:
    from collections.abc import Sequence

READY = b"Z\0\0\0\x05"


def message(kind: bytes, body: bytes) -> bytes:
    """One message of the server's."""
    return kind + (len(body) + 4).to_bytes(4, "big") + body


def tag(text: str) -> bytes:
    """CommandComplete."""
    return message(b"C", text.encode() + b"\0")


def pieces(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    """The bytes, cut at these places."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in pairwise(places)]


def read(data: bytes, cuts: Sequence[int]) -> Reply:
    """The reply that comes in those pieces."""
    reply = Reply()
    for piece in pieces(data, cuts):
        reply.feed(piece)
    return reply


class Recorder:
    """A protocol that only keeps what it gets."""

    def __init__(self) -> None:
        self.data = b""

    def data_received(self, data: bytes) -> None:
        """Keep it."""
        assert type(data) is bytes, "asyncpg takes nothing else"
        self.data += data


tags = st.lists(
    st.sampled_from(["COMMIT", "ROLLBACK", "INSERT 0 1", "SET", "SELECT 3"]), min_size=1, max_size=9
)
cuts = st.lists(st.integers(0, 10_000), max_size=20)


@given(tags=tags, rows=st.lists(st.binary(max_size=40), max_size=5), cuts=cuts)
def test_a_reply_is_read_whatever_it_is_cut_into(tags: list[str], rows: list[bytes], cuts: list[int]) -> None:
    """Rows, notices and tags in any pieces: the tags come out in order, and nothing of the rows."""
    data = b"".join(
        [*(message(b"D", row) for row in rows), message(b"N", b"\0"), *map(tag, tags), READY + b"I"]
    )

    reply = read(data, cuts)

    assert reply.tags == [text.encode() for text in tags]
    assert (reply.has_failed, reply.is_complete) == (False, True)


@given(rows=st.binary(max_size=300), status=st.sampled_from("ITE"), cuts=cuts)
def test_the_status_is_that_of_the_last_answer(rows: bytes, status: str, cuts: list[int]) -> None:
    """And asyncpg gets every byte."""
    protocol = Recorder()
    tap, data = WireTap(protocol, memoryview(bytearray(1000))), message(b"D", rows) + READY + status.encode()

    for piece in pieces(data, cuts):
        tap.get_buffer(-1)[: len(piece)] = piece
        tap.buffer_updated(len(piece))

    names = {"I": TransactionStatus.IDLE, "T": TransactionStatus.ACTIVE, "E": TransactionStatus.ABORTED}
    assert tap.status is names[status]
    assert protocol.data == data


def test_what_comes_without_an_end_leaves_the_status() -> None:
    """A statement that is prepared is answered, and the transaction is as it was."""
    tap = WireTap(Recorder(), memoryview(bytearray(1000)))

    for piece in (READY + b"T", message(b"n", b"")):
        tap.get_buffer(-1)[: len(piece)] = piece
        tap.buffer_updated(len(piece))

    assert tap.status is TransactionStatus.ACTIVE


FAILED = message(b"E", b"SERROR\0C23505\0\0")


@pytest.mark.parametrize(
    ("data", "verdict"),
    [
        (tag("COMMIT") + tag("RESET") + READY + b"I", True),
        (tag("COMMIT") + FAILED + READY + b"I", True),
        (tag("COMMIT"), True),
        (message(b"N", b"\0") + tag("COMMIT"), True),
        (tag("ROLLBACK") + tag("RESET") + READY + b"I", False),
        (FAILED + READY + b"I", False),
        (FAILED, None),
        (tag("COMMIT")[:-1], None),
        (b"", None),
    ],
    ids=[
        "all",
        "reset failed",
        "cut after",
        "notice",
        "aborted",
        "failed",
        "cut before",
        "half",
        "nothing",
    ],
)
def test_a_commit_is_judged_by_its_own_tag(data: bytes, verdict: bool | None) -> None:
    """Whatever follows it in the same message."""
    assert judge(read(data, [])) is verdict


@given(
    answer=st.sampled_from(
        [tag("COMMIT"), tag("ROLLBACK"), FAILED, message(b"N", b"\0") + tag("COMMIT"), b""]
    ),
    rest=st.sampled_from([b"", tag("RESET"), FAILED, tag("RESET") + READY + b"I", FAILED + READY + b"I"]),
    cuts=st.lists(st.integers(0, 200), max_size=6),
)
def test_the_first_tag_is_judged_as_the_whole_answer(answer: bytes, rest: bytes, cuts: list[int]) -> None:
    """However it is cut: what ends a COMMIT reads no further than its tag."""
    data, first = answer + rest, CommandTagReader()
    for piece in pieces(data, cuts):
        first.feed(piece)

    assert judge(first) is judge(read(data, []))
