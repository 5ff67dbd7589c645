"""Configs as keys, through any order of registering, replacing and unregistering."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from sqlspec import SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.errors import ConfigNotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

CONFIGS = 4
NAMES = ("one", "two", "three")
STEPS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.none() | st.integers(0, CONFIGS - 1)), min_size=1, max_size=20
)


class Model:
    """What the keys lead to, by the plainest code."""

    def __init__(self) -> None:
        self.registered: dict[str, int] = {}
        self.keys: dict[int, str] = {}

    def register(self, name: str, config: int) -> None:
        """The key of what had the name leads to it still."""
        self.registered[name] = config
        self.keys.setdefault(config, name)

    def unregister(self, name: str) -> None:
        """A key that led there leads to another name of its config, if it has one."""
        del self.registered[name]
        for config in [config for config, found in self.keys.items() if found == name]:
            others = [other for other, one in self.registered.items() if one == config]
            if others:
                self.keys[config] = others[0]
            else:
                del self.keys[config]


@given(STEPS)
def test_a_config_leads_to_a_name_for_as_long_as_that_is_registered(
    steps: Sequence[tuple[str, int | None]],
) -> None:
    """Whatever else was registered, replaced and unregistered."""
    configs = [SQLiteConfig(database=f"{number}.db") for number in range(CONFIGS)]
    spec, model = SQLSpec(), Model()

    for name, number in steps:
        if number is not None:
            spec.register_config(configs[number], name=name, override=True)
            model.register(name, number)
        elif name in model.registered:
            spec.unregister_config(name)
            model.unregister(name)

        for key, config in enumerate(configs):
            assert _name_of(spec, config) == model.keys.get(key)


def _name_of(spec: SQLSpec, config: SQLiteConfig) -> str | None:
    try:
        return spec._table.find(config).name
    except ConfigNotFoundError:
        return None
