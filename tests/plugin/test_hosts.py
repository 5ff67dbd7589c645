"""Several servers for one database: the order in which they are asked, and for how long."""

from __future__ import annotations

import pytest

from sqlspec.errors import InvalidArgumentError
from sqlspec.plugin.network import Hosts

ONE, TWO, THREE = ("one", 1), ("two", 2), ("three", 3)


class Clock:
    """Seconds that pass when a test says so."""

    now = 100.0

    def __call__(self) -> float:
        """Now."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Of each test's own."""
    return Clock()


def hosts(clock: Clock, attrs: str = "read-write") -> Hosts:
    """Three."""
    return Hosts((ONE, TWO, THREE), attrs, clock)


def order(found: Hosts, clock: Clock) -> list[tuple[str, int]]:
    """Who is asked, if nobody answers."""
    return [turn.host.address for turn in found.turns(clock.now + 9)]


def test_a_misspelt_wish_is_refused(clock: Clock) -> None:
    """It would mean any server, in silence."""
    with pytest.raises(InvalidArgumentError, match="Did you mean 'read-write'"):
        hosts(clock, "readwrite")


def test_each_host_has_its_share_of_the_time(clock: Clock) -> None:
    """What one does not use up is shared by those behind it."""
    turns = hosts(clock).turns(clock.now + 9)
    first, clock.now = next(turns), 103.0
    second, clock.now = next(turns), 104.0
    third = next(turns)

    assert [turn.until for turn in (first, second, third)] == [103.0, 106.0, 109.0]
    assert next(turns, None) is None


def test_nobody_is_asked_when_the_time_is_over(clock: Clock) -> None:
    """A password may have taken all of it."""
    turns = hosts(clock).turns(clock.now + 9)
    next(turns)
    clock.now = 109.0

    assert next(turns, None) is None
    assert next(hosts(clock).turns(clock.now), None) is None


def test_a_preference_asks_twice(clock: Clock) -> None:
    """All hosts whether they are a standby, then all whether they answer at all."""
    turns = list(hosts(clock, "prefer-standby").turns(clock.now + 6))

    assert [(turn.host.address, turn.attrs) for turn in turns] == [
        *((address, "standby") for address in (ONE, TWO, THREE)),
        *((address, "any") for address in (ONE, TWO, THREE)),
    ]
    assert turns[0].until == 101.0


@pytest.mark.parametrize("attrs", ["read-write", "primary"])
def test_the_last_primary_is_asked_first(clock: Clock, attrs: str) -> None:
    """And no connection to another one is lent."""
    found = hosts(clock, attrs)
    first, second, _ = turns = list(found.turns(clock.now + 9))

    assert found.serves(second)

    assert order(found, clock) == [TWO, ONE, THREE]
    assert [turn.host.is_wanted for turn in turns] == [False, True, False]
    assert first.host.address == ONE


@pytest.mark.parametrize("attrs", ["any", "standby", "read-only", "prefer-standby"])
def test_where_several_will_do_the_order_is_that_of_the_url(clock: Clock, attrs: str) -> None:
    """Whoever served last."""
    found = hosts(clock, attrs)
    turns = list(found.turns(clock.now + 9))

    assert found.serves(turns[1])
    assert found.serves(turns[2])

    assert order(found, clock)[:3] == [ONE, TWO, THREE]
    assert all(turn.host.is_wanted for turn in turns)


@pytest.mark.parametrize("attrs", ["any", "read-write"])
def test_a_host_that_was_left_is_asked_last_for_a_while(clock: Clock, attrs: str) -> None:
    """Its connections are not lent, until it serves again."""
    found = hosts(clock, attrs)
    turn = next(found.turns(clock.now + 9))
    assert found.serves(turn)

    turn.host.leave()

    assert order(found, clock) == [TWO, THREE, ONE]
    assert not turn.host.is_wanted
    clock.now += 31
    assert order(found, clock) == [ONE, TWO, THREE]
    assert not turn.host.is_wanted
    assert found.serves(next(found.turns(clock.now + 9)))
    assert turn.host.is_wanted


def test_a_host_that_was_left_keeps_nobody_for_long(clock: Clock) -> None:
    """A tenth of the time, and half a second at least: meanwhile another one may have become the primary."""
    found = hosts(clock)
    next(found.turns(clock.now + 9)).host.leave()

    for seconds, brief in ((9, 0.9), (2, 0.5)):
        *_, last = found.turns(clock.now + seconds)
        assert (last.host.address, round(last.until - clock.now, 3)) == (ONE, brief)
    *_, hurried = found.turns(clock.now + 0.2)
    assert hurried.until == clock.now + 0.2


def test_a_brief_turn_does_not_prolong_the_time(clock: Clock) -> None:
    """A host that is slow to connect to would never again have time enough."""
    found = hosts(clock)
    host = next(found.turns(clock.now + 9)).host
    host.leave()
    clock.now += 20
    host.leave()
    clock.now += 11

    assert [turn.until - clock.now for turn in found.turns(clock.now + 9)] == [3.0, 4.5, 9.0]


def test_where_all_were_left_each_has_its_share(clock: Clock) -> None:
    """The network may have been down; then no host is worse than the others."""
    found = hosts(clock)
    for turn in found.turns(clock.now + 9):
        turn.host.leave()

    assert next(found.turns(clock.now + 9)).until == clock.now + 3


def test_the_only_host_is_never_left(clock: Clock) -> None:
    """There is no other."""
    found = Hosts((ONE,), "read-write", clock)
    turn = next(found.turns(clock.now + 9))

    turn.host.leave()

    assert turn.host.is_wanted


def test_an_old_primary_that_answers_late_is_not_taken(clock: Clock) -> None:
    """It was asked before another caller met the new one, who is asked next."""
    found = hosts(clock)
    waiting = found.turns(clock.now + 9)
    late = next(waiting)
    assert found.serves(list(found.turns(clock.now + 9))[2])

    assert not found.serves(late)

    assert next(waiting).host.address == THREE
    assert not late.host.is_wanted
    assert order(found, clock) == [THREE, ONE, TWO]


def test_a_primary_that_is_asked_later_may_have_changed_again(clock: Clock) -> None:
    """Whoever answers after the change is believed."""
    found = hosts(clock)
    assert found.serves(list(found.turns(clock.now + 9))[2])
    turns = list(found.turns(clock.now + 9))

    assert found.serves(turns[1])

    assert order(found, clock) == [ONE, TWO, THREE]
