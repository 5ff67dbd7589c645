"""A config as a template, and where the server is from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlspec.config.base import DatabaseConfig
from sqlspec.config.convert import fields_of
from sqlspec.errors import InvalidArgumentError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    AnyConfig = DatabaseConfig[Any, Any, Any, Any]

WHERE = ("url", "host", "port", "hosts")
"""What says where a server is."""


def check_base(template: object) -> None:
    """Refuse what is no config."""
    if not isinstance(template, DatabaseConfig):
        raise InvalidArgumentError(f"template= takes a config, not {type(template).__name__}")


def check_template(template: AnyConfig, fields: Iterable[str]) -> None:
    """Refuse what can not be a template, where a catalogue says the address and *fields*."""
    check_base(template)
    kind, known = type(template).__name__, fields_of(type(template))
    if "host" not in known:
        raise InvalidArgumentError(f"{kind} can not be a template: its databases have no host")
    said = [name for name in WHERE if name in template.given]
    if said:
        instead = "; write username=, password= and database= instead" if "url" in said else ""
        raise InvalidArgumentError(f"the catalogue says where the server is: leave {said[0]}= out{instead}")
    for name in fields:
        if name in WHERE:
            raise InvalidArgumentError(
                f"the address of a service is the catalogue's: leave {name!r} out of fields="
            )
        if name not in known:
            raise InvalidArgumentError(f"{kind} has no option {name!r}. {did_you_mean(name, known)}")


def where(template: AnyConfig, addresses: Sequence[tuple[str, int]]) -> dict[str, Any]:
    """The options that say where the server is; of several servers all, if the adapter tries several."""
    if len(addresses) > 1 and "hosts" in fields_of(type(template)):
        return {"hosts": addresses}
    host, port = addresses[0]
    return {"host": host, "port": port}
