"""Blocked and allowed adapters: decided before anything is imported."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import AdapterBlockedError
from sqlspec.loading.manager import Plugins
from sqlspec.plugin import AdapterInfo, hookimpl

if TYPE_CHECKING:
    from tests.plugin.fakes import Site


class Own:
    """An adapter of this process."""

    ADAPTER = AdapterInfo(name="own", config_type="nowhere:Config")

    @hookimpl
    def sqlspec_create_connection(self, config: object) -> object:
        """Its one hook."""
        return config


def refused(plugins: Plugins, name: str) -> str:
    """What the error says."""
    with pytest.raises(AdapterBlockedError) as caught:
        plugins.adapter(name)
    assert f"fake_{name}.plugin" not in sys.modules
    return str(caught.value)


def test_a_blocked_adapter_is_never_imported(site: Site) -> None:
    """The error names its distribution and the list it is on."""
    site.adapter("alpha")
    site.adapter("beta")
    plugins = Plugins(block=["alpha"])

    assert "'alpha' (sqlspec-alpha 1.0) is blocked" in refused(plugins, "alpha")
    assert plugins.adapter("beta").name == "beta"


def test_the_environment_blocks(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator's word, with spaces and empty places."""
    site.adapter("alpha")
    site.adapter("beta")
    monkeypatch.setenv("SQLSPEC_DISABLE_ADAPTERS", " alpha, ,gamma")
    plugins = Plugins()

    assert "SQLSPEC_DISABLE_ADAPTERS" in refused(plugins, "alpha")
    assert plugins.adapter("beta").name == "beta"


@pytest.mark.parametrize(
    ("allow", "variable", "permitted"),
    [
        (None, None, {"alpha", "beta"}),
        (["alpha"], None, {"alpha"}),
        ([], None, set[str]()),
        (None, "beta", {"beta"}),
        (None, "", set[str]()),
        (["alpha", "beta"], "beta,gamma", {"beta"}),
    ],
)
def test_only_what_is_allowed_is_imported(
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    allow: list[str] | None,
    variable: str | None,
    permitted: set[str],
) -> None:
    """An empty list allows nothing; of two lists the stricter word wins."""
    site.adapter("alpha")
    site.adapter("beta")
    if variable is not None:
        monkeypatch.setenv("SQLSPEC_LOAD_ADAPTERS", variable)
    plugins = Plugins(allow=allow)

    for name in ("alpha", "beta"):
        if name in permitted:
            assert plugins.adapter(name).name == name
        else:
            assert "not on the allow list" in refused(plugins, name)


def test_the_block_list_holds_in_this_process_too() -> None:
    """The allow list does not: it is about what is imported."""
    Plugins(allow=[]).register(Own())

    with pytest.raises(AdapterBlockedError):
        Plugins(block=["own"]).register(Own())


def test_of_fifty_adapters_one_is_imported(site: Site) -> None:
    """Nothing else of them is in `sys.modules`, and no driver, in a fresh interpreter."""
    for number in range(50):
        site.adapter(f"many{number}", schemes=(f"many{number}ql",))
    script = """
import sys
from sqlspec.loading.manager import Plugins
plugins = Plugins()
assert len([plugin for plugin in plugins if plugin.name.startswith("many")]) == 50
name = plugins.adapter_for_scheme("many7ql")
assert not [module for module in sys.modules if module.startswith("fake_")]
plugins.hook("sqlspec_create_connection", name)
print(sorted(module for module in sys.modules if module.startswith("fake_")))
"""

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True,
        check=False,
        text=True,
        env={"PYTHONPATH": ":".join([str(site.path), *sys.path])},
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == "['fake_many7', 'fake_many7.plugin']"
