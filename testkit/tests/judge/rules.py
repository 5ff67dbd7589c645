"""The table of the judge: a rule, the test of the kit that is about it, and adapters that break it.

Each file of the folder `wrong` is about one kind of rule. There a rule decorates the wrong adapters.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from re import findall
from typing import NamedTuple, TypeVar

from testkit.tests.judge.base import Good, InPlace

SIDES = {
    "sync": "TestSync",
    "bridge": "TestBridge",
    "async": "TestAsync",
    "contract": "TestContract",
    "async_contract": "TestAsyncContract",
    "packaged": "TestPackaged",
}
"""The class of tests for each side: threads, tasks by threads, tasks, contracts, and a distribution."""
KINDS = sorted(path.stem for path in Path(__file__).with_name("wrong").glob("*.py"))

T = TypeVar("T", bound="type[Good | InPlace]")


class Wrong(NamedTuple):
    """An adapter that breaks a rule, and the sides on which it does."""

    rule: Rule
    adapter: type[Good | InPlace]
    sides: tuple[str, ...]

    @property
    def classes(self) -> tuple[type[Good], type[InPlace]]:
        """For threads and for tasks."""
        if issubclass(self.adapter, Good):
            return self.adapter, InPlace
        return Good, self.adapter


class Rule:
    """What an adapter must keep, in a sentence, and the test that sees it broken."""

    known: list[Rule] = []  # noqa: RUF012 - one table

    def __init__(self, text: str, test: str, *sides: str) -> None:
        self.text, self.test = text, test
        self.sides = sides or ("sync", "async")
        self.wrong: list[Wrong] = []
        Rule.known.append(self)

    def __call__(self, adapter: T) -> T:
        """Note *adapter* as one that breaks the rule."""
        kind: type[Good | InPlace] = adapter
        self.wrong.append(Wrong(self, kind, self.sides))
        return adapter


@cache
def wrong_adapters() -> dict[str, Wrong]:
    """All of them, by name."""
    for kind in KINDS:
        import_module(f"testkit.tests.judge.wrong.{kind}")
    every = [wrong for rule in Rule.known for wrong in rule.wrong]
    found = {wrong.adapter.__name__: wrong for wrong in every}
    assert len(found) == len(every), "two wrong adapters of one name"
    return found


def table() -> str:
    """What the kit judges, as Markdown: a rule, the test that is about it, and what is found by it."""
    wrong_adapters()
    lines = [
        f"| {rule.text} | `{rule.test}` | {'; '.join(_words(wrong) for wrong in rule.wrong)} |"
        for rule in Rule.known
    ]
    return "\n".join(["| rule | test | finds an adapter that |", "|---|---|---|", *lines]) + "\n"


def _words(wrong: Wrong) -> str:
    """The name of a class, as a part of a sentence."""
    return " ".join(findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[A-Z]|[0-9]+", wrong.adapter.__name__)).lower()
