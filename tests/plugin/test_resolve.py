"""A resolved hook does what `pm.hook` would do, without asking everybody."""

from __future__ import annotations

import functools
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import pluggy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlspec.errors import InvalidArgumentError
from sqlspec.loading.check import CREATION_HOOKS
from sqlspec.loading.manager import Plugins
from sqlspec.loading.resolve import arguments_of
from sqlspec.plugin import AdapterInfo, hookimpl, hookspecs

if TYPE_CHECKING:
    from collections.abc import Callable

MARK = object()
ANY: Any = object()


def specification(hook: str) -> tuple[str, ...]:
    """The hook's arguments."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    return arguments_of(getattr(manager.hook, hook))


ARGUMENTS = {hook: specification(hook) for hook in CREATION_HOOKS}


def plugin_with(kind: str, hook: str, function: Callable[..., Any], name: str = "own") -> object:
    """An adapter that has *function* as its *hook*, in one of the ways there are."""
    # Some connection hook every adapter must have.
    functions = {"sqlspec_create_connection": hookimpl(lambda: None), hook: hookimpl(function)}
    if kind == "module":
        module = ModuleType(name)
        vars(module).update(functions, ADAPTER=_info(name))
        return module
    wraps = {"method": _as_method, "staticmethod": staticmethod, "classmethod": _as_classmethod}
    methods = {key: wraps[kind](value) for key, value in functions.items()}
    return type("Plugin", (), {**methods, "ADAPTER": _info(name)})()


def _info(name: str) -> AdapterInfo:
    return AdapterInfo(name=name, config_type="nowhere:Config")


def _with_first(first: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """*function* with one more argument in front, as in a class."""
    code = function.__code__
    names = code.co_varnames[: code.co_argcount]
    defaults = function.__defaults__ or ()
    bare, filled = names[: len(names) - len(defaults)], names[len(names) - len(defaults) :]
    slash = [*bare, *(f"{name}=defaults[{at}]" for at, name in enumerate(filled))]
    if code.co_posonlyargcount:
        slash.insert(code.co_posonlyargcount, "/")
    text = f"lambda {', '.join([first, *slash])}: function({', '.join(names)})"
    made: Callable[..., Any] = eval(text, {"function": function, "defaults": defaults})  # noqa: S307
    return hookimpl(made)


def _as_method(function: Callable[..., Any]) -> Callable[..., Any]:
    return _with_first("self", function)


def _as_classmethod(function: Callable[..., Any]) -> Any:
    return classmethod(_with_first("cls", function))


@st.composite
def implementations(draw: st.DrawFn) -> tuple[str, str, Callable[..., Any]]:
    """A hook, a kind of plugin, and any legal function for it that returns what it got."""
    hook = draw(st.sampled_from(CREATION_HOOKS))
    some = st.lists(st.sampled_from(ARGUMENTS[hook]), unique=True)
    subset = draw(some | st.just(list(ARGUMENTS[hook])))
    private = draw(st.sampled_from([(), ("_kept",)]))
    filled = draw(st.integers(0, len(subset)))
    required, optional = subset[: len(subset) - filled], [*subset[len(subset) - filled :], *private]
    signature = [*required, *(f"{name}=MARK" for name in optional)]
    if draw(st.booleans()) and required:
        signature.insert(draw(st.integers(1, len(required))), "/")
    names = [*required, *optional]
    body = ", ".join(f"({name!r}, {name})" for name in names)
    function = eval(f"lambda {', '.join(signature)}: [{body}]", {"MARK": MARK})  # noqa: S307
    if draw(st.booleans()):
        inner = function

        @functools.wraps(inner)
        def function(*arguments: Any, **keywords: Any) -> Any:
            return inner(*arguments, **keywords)

        return hook, "module", function
    return hook, draw(st.sampled_from(["module", "method", "staticmethod", "classmethod"])), function


@given(implementations())
def test_the_resolved_call_and_pluggy_agree(made: tuple[str, str, Callable[..., Any]]) -> None:
    """For any subset of arguments in any order, with defaults, in modules and in all kinds of methods."""
    hook, kind, function = made
    plugins = Plugins()
    plugins.register(plugin_with(kind, hook, function))
    values = {name: object() for name in ARGUMENTS[hook]}

    resolved: Any = cast("Any", plugins).hook(hook, "own")
    expected = getattr(plugins._pluggy().hook, hook)(**values)

    assert resolved(**values) == expected
    assert resolved(*values.values()) == expected


def test_a_function_that_names_all_arguments_is_called_itself() -> None:
    """Nothing stands between core and the adapter."""

    def create(config: object, resources: object) -> object:
        return config, resources

    plugins = Plugins()
    plugins.register(plugin_with("module", "sqlspec_create_connection", create))

    assert plugins.hook("sqlspec_create_connection", "own") is create


def test_names_that_can_not_be_used_in_a_call_are_not() -> None:
    """Positional-only ones, and those of a function behind a decorator with names of its own."""

    def create(config: object, /, resources: object) -> object:
        return config, resources

    def decorated(first: object, second: object) -> object:
        return create(first, second)

    functools.update_wrapper(decorated, create)
    for function in (create, decorated):
        plugins = Plugins()
        plugins.register(plugin_with("module", "sqlspec_create_connection", function))
        resolved: Any = plugins.hook("sqlspec_create_connection", "own")

        assert resolved(config=1, resources=2) == (1, 2)
        assert resolved(1, 2) == (1, 2)


def test_creation_hooks_are_never_broadcast() -> None:
    """A config reaches its own adapter; the others do not even see it."""
    seen: list[str] = []
    plugins = Plugins()
    for name in ("own", "greedy", "last"):
        create = functools.partial(_note, seen, name)
        plugins.register(plugin_with("module", "sqlspec_create_pool", _plain(create), name))

    make = plugins.hook("sqlspec_create_pool", "own")

    assert make is not None
    assert make(ANY, ANY) == "own"  # type: ignore[comparison-overlap]
    assert seen == ["own"]


def _note(seen: list[str], name: str) -> str:
    seen.append(name)
    return name


def _plain(call: Callable[[], str]) -> Callable[..., Any]:
    return lambda config: call()  # noqa: ARG005 - the hook's argument


def test_a_hook_that_the_adapter_lacks_is_none() -> None:
    """Core then does it itself."""
    plugins = Plugins()
    plugins.register(plugin_with("module", "sqlspec_create_connection", lambda: None))

    assert plugins.hook("sqlspec_create_pool", "own") is None


def test_an_unknown_hook_is_a_usage_error() -> None:
    """With the nearest spelling; observers are no creation hooks."""
    with pytest.raises(InvalidArgumentError, match="Did you mean 'sqlspec_create_pool'"):
        cast("Any", Plugins()).hook("sqlspec_create_pol", "own")


def test_two_implementations_in_one_adapter_answer_as_pluggy_has_it() -> None:
    """`specname` allows it: the last that does not decline."""

    class Own:
        ADAPTER = _info("own")

        @hookimpl(trylast=True)
        def sqlspec_create_connection(self, config: object) -> object:
            return "first", config

        @hookimpl(specname="sqlspec_create_connection")
        def decline(self, resources: object) -> object:
            return None if resources else "declined"

    plugins = Plugins()
    plugins.register(Own())
    create: Any = plugins.hook("sqlspec_create_connection", "own")

    assert create(1, "full") == ("first", 1)
    assert create(1, "") == "declined"
