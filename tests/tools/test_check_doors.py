"""The check of `__all__`, on modules made up for it."""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

from tools import check_doors as checker


class Documented:
    """It has one."""


class Bare:  # noqa: D101
    pass


def module(offered: tuple[str, ...], *, package: bool = True, **names: Any) -> ModuleType:
    """A module or package with this `__all__` and these names in it."""
    made = ModuleType("door")
    vars(made).update(names, __all__=offered, **({"__path__": []} if package else {}))
    return made


def test_a_door_in_order_has_no_problems() -> None:
    """Modules, private names and what annotations need do not count."""
    door = module(("Documented",), Documented=Documented, math=math, _x=1, TYPE_CHECKING=False)

    assert list(checker.problems(door)) == []


def test_what_is_exposed_but_not_offered_is_told() -> None:
    """A name that only came in by an import is a door left open."""
    door = module((), Documented=Documented)

    assert list(checker.problems(door)) == ["door.Documented is exposed but not in __all__"]


def test_what_is_offered_but_missing_is_told() -> None:
    """A spelling mistake, mostly."""
    assert list(checker.problems(module(("Nothing",)))) == ["door.Nothing is in __all__ but not there"]


def test_a_module_may_hand_on_what_another_defines() -> None:
    """If it offers it; and it is documented like anything else."""
    door = module(("Bare", "Documented", "Nothing"), package=False, Bare=Bare, Documented=Documented)

    assert list(checker.problems(door)) == [
        "door.Nothing is in __all__ but not there",
        "door.Bare has no docstring",
    ]


def test_a_public_name_without_words_is_told() -> None:
    """Classes and functions say what they are for; a base class's docstring is not theirs."""
    child = type("Child", (Documented,), {})
    door = module(("Bare", "Child", "f", "limit"), Bare=Bare, Child=child, f=lambda: None, limit=1)

    assert list(checker.problems(door)) == [
        f"door.{name} has no docstring" for name in ("Bare", "Child", "f")
    ]


def test_a_module_exposes_what_it_defines() -> None:
    """What a plain module imported for itself is not its offer."""
    door = module((), package=False, Documented=Documented)

    assert list(checker.problems(door)) == []
