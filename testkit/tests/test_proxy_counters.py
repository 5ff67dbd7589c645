"""The counters of round trips, fed byte streams: no socket, no server."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlspec_testkit.proxy import MySQLCounter, PostgreSQLCounter, RedisCounter

# --- streams --------------------------------------------------------------------------------------


def message(kind: bytes, body: bytes = b"") -> bytes:
    """One of PostgreSQL's."""
    return kind + (len(body) + 4).to_bytes(4) + body


def packet(sequence: int, body: bytes) -> bytes:
    """One of MySQL's."""
    return len(body).to_bytes(3, "little") + bytes([sequence]) + body


LOGIN = message(b"R", b"\0\0\0\0") + message(b"S", b"TimeZone\0UTC\0") + message(b"Z", b"I")
HELLO = packet(1, b"\x85\xa6\x3f\x20" + b"\0" * 40 + b"user\0")

chunked = st.lists(st.integers(1, 40), max_size=60)
bodies = st.binary(max_size=60)
postgresql_messages = st.lists(
    st.tuples(st.sampled_from([b"D", b"C", b"T", b"N", b"S", b"Z"]), bodies), max_size=20
)
mysql_packets = st.lists(st.tuples(st.integers(0, 3), st.binary(min_size=1, max_size=60)), max_size=20)
replies = st.recursive(
    st.one_of(
        st.just(b"+OK\r\n"),
        st.just(b"-ERR no\r\n"),
        st.just(b"$-1\r\n"),
        st.just(b"*-1\r\n"),
        st.just(b"_\r\n"),
        st.integers().map(lambda number: b":%d\r\n" % number),
        st.binary(max_size=30).map(lambda data: b"$%d\r\n%s\r\n" % (len(data), data)),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda all_: b"*%d\r\n%s" % (len(all_), b"".join(all_))),
        st.lists(st.tuples(inner, inner), max_size=3).map(
            lambda all_: b"%%%d\r\n%s" % (len(all_), b"".join(key + value for key, value in all_))
        ),
    ),
    max_leaves=8,
)


def pieces(data: bytes, sizes: list[int]) -> list[bytes]:
    """The same bytes, in pieces of these sizes, and the rest at once."""
    found: list[bytes] = []
    for size in sizes:
        found.append(data[:size])
        data = data[size:]
    return [*found, data]


# --- PostgreSQL -----------------------------------------------------------------------------------


@given(messages=postgresql_messages, sizes=chunked)
def test_every_ready_for_query_counts_however_it_is_cut_into_pieces(
    messages: list[tuple[bytes, bytes]], sizes: list[int]
) -> None:
    """And nothing that only looks like one, inside of a row for instance."""
    stream = LOGIN + b"".join(message(kind, body) for kind, body in messages)
    counter = PostgreSQLCounter()

    count = sum(counter.from_server(piece) for piece in pieces(stream, sizes))

    assert count == 1 + sum(kind == b"Z" for kind, _ in messages)


@pytest.mark.parametrize("refusals", [b"N", b"NN"], ids=["ssl", "gss-then-ssl"])
def test_a_server_without_tls_is_counted_on(refusals: bytes) -> None:
    """It answers SSLRequest and GSSENCRequest with one byte that is no message."""
    counter = PostgreSQLCounter()

    assert counter.from_server(refusals) + counter.from_server(LOGIN) == 1
    assert not counter.is_blind


@pytest.mark.parametrize("consent", [b"S", b"G", b"NS"], ids=["ssl", "gss", "ssl-after-gss"])
def test_encryption_makes_the_postgresql_counter_blind(consent: bytes) -> None:
    """It says so instead of counting noise."""
    counter = PostgreSQLCounter()

    assert counter.from_server(consent + LOGIN) == 0
    assert counter.is_blind


def test_the_client_side_of_postgresql_counts_nothing() -> None:
    """Else a round trip would count twice."""
    assert PostgreSQLCounter().from_client(message(b"Z", b"I")) == 0


# --- MySQL ----------------------------------------------------------------------------------------


@given(packets=mysql_packets, sizes=chunked)
def test_every_command_counts_however_it_is_cut_into_pieces(
    packets: list[tuple[int, bytes]], sizes: list[int]
) -> None:
    """A command has the sequence number 0, and some are never answered."""
    stream = HELLO + b"".join(packet(sequence, body) for sequence, body in packets)
    counter = MySQLCounter()

    count = sum(counter.from_client(piece) for piece in pieces(stream, sizes))

    unanswered = {0x01, 0x18, 0x19}
    assert count == sum(sequence == 0 and body[0] not in unanswered for sequence, body in packets)


def test_a_command_of_more_than_16_mib_is_one_round_trip() -> None:
    """The packets that it is split into are no commands of their own, whatever their number."""
    counter = MySQLCounter()
    counter.from_client(HELLO)

    count = counter.from_client(packet(0, b"\x03" + b"x" * 0xFFFFFE)) + counter.from_client(
        packet(0, b"rest")
    )

    assert count == 1
    assert counter.from_client(packet(0, b"\x0e")) == 1


def test_tls_makes_the_mysql_counter_blind() -> None:
    """The request for it is a first packet of 32 bytes with CLIENT_SSL among its flags."""
    counter = MySQLCounter()

    counter.from_client(packet(1, b"\x85\xae\x3f\x20" + b"\0" * 28) + b"\x16\x03\x01" + packet(0, b"\x03"))

    assert counter.is_blind


def test_the_server_side_of_mysql_counts_nothing() -> None:
    """Else a round trip would count twice."""
    assert MySQLCounter().from_server(packet(0, b"\x0a")) == 0


# --- Redis ----------------------------------------------------------------------------------------


@given(answers=st.lists(replies, max_size=8), sizes=chunked)
def test_every_reply_counts_once_however_it_is_cut_into_pieces(
    answers: list[bytes], sizes: list[int]
) -> None:
    """A list is one reply, with all that is in it."""
    counter = RedisCounter()

    count = sum(counter.from_server(piece) for piece in pieces(b"".join(answers), sizes))

    assert count == len(answers)


def test_what_redis_pushes_unasked_is_no_reply() -> None:
    """RESP3: a push message, and attributes that come before the reply they are about."""
    counter = RedisCounter()

    pushed = b">2\r\n+message\r\n$2\r\nhi\r\n" + b"|1\r\n+ttl\r\n:3600\r\n"

    assert counter.from_server(pushed) == 0
    assert counter.from_server(pushed + b"*1\r\n:1\r\n") == 1


def test_tls_makes_the_redis_counter_blind() -> None:
    """The server's first byte is a TLS record's."""
    counter = RedisCounter()

    assert counter.from_server(b"\x16\x03\x03\x00\x7a+OK\r\n") == 0
    assert counter.is_blind


def test_the_client_side_of_redis_counts_nothing() -> None:
    """Else a round trip would count twice."""
    assert RedisCounter().from_client(b"+OK\r\n") == 0
