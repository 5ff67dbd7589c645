"""From a URL's scheme to an adapter's name, by metadata alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlspec.adapters._known import EXTRAS, PREFERENCES
from sqlspec.errors import AmbiguousSchemeError

from .check import plugin_check
from .index import installed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from .policy import Policy

__all__ = ("find_adapter", "preferred", "siblings")


def find_adapter(scheme: str, policy: Policy, loaded: Collection[str]) -> str:
    """The adapter that *scheme* means: the one it names after a `+`, else the preferred or only claimant."""
    bare, plus, explicit = scheme.partition("+")
    if plus:
        return _named(explicit, bare, policy, loaded)
    claims = dict(_claims(scheme, loaded))
    usable = [name for name in claims if policy.permits(name)]
    found = preferred(scheme, usable)
    if found is not None:
        return found
    if usable:
        raise AmbiguousSchemeError(scheme, usable)
    if claims:
        name, distribution = min(claims.items())
        raise policy.refusal(name, distribution)
    from .missing import not_installed

    known = (*installed().adapters, *installed().schemes, *loaded)
    raise not_installed(scheme, known, scheme=True)


def preferred(scheme: str, claimants: Iterable[str]) -> str | None:
    """The adapter that a bare scheme means among *claimants*, or None when that is not clear."""
    found = set(claimants)
    for adapter in PREFERENCES.get(scheme, ()):
        if adapter in found:
            return adapter
    return found.pop() if len(found) == 1 else None


def siblings(name: str, policy: Policy) -> list[str]:
    """Other installed adapters that share a scheme with this one, and may be used."""
    index = installed()
    schemes = {*index.schemes, *PREFERENCES}
    found: set[str] = set()
    for scheme in schemes:
        claimants = {claimant for claimant, _ in index.claims(scheme) if claimant is not None}
        claimants.update(PREFERENCES.get(scheme, ()))
        if name in claimants:
            found |= claimants
    return sorted(
        other for other in found if other != name and other in index.adapters and policy.permits(other)
    )


def _named(name: str, bare: str, policy: Policy, loaded: Collection[str]) -> str:
    if name in loaded or name in installed().adapters:
        return name
    policy.check(name, None)
    from .missing import not_installed

    raise not_installed(name, (*installed().adapters, *loaded), instead=_spellings(bare, policy, loaded))


def _spellings(bare: str, policy: Policy, loaded: Collection[str]) -> str:
    """The schemes to write for the databases that *bare* means, where a URL names somebody else's driver."""
    claims = {name for name, _ in installed().claims(bare) if name} | {*PREFERENCES.get(bare, ())}
    serving = sorted(filter(policy.permits, claims | ({bare} & {*loaded, *EXTRAS})))
    exact = [f"{bare}+{name}://…" for name in serving]
    return " or ".join(exact) if len(exact) > 1 else f"{bare}://…" if exact else ""


def _claims(scheme: str, loaded: Collection[str]) -> Iterator[tuple[str, str | None]]:
    """Adapters that serve *scheme*, each with who brought it."""
    own = (scheme, *PREFERENCES.get(scheme, ()))  # one that was registered by hand has no entry points
    found: list[tuple[str, str | None]] = [(name, None) for name in own if name in loaded]
    claims = list(installed().claims(scheme))
    found += [(name, str(entry)) for name, entry in claims if name is not None]
    if claims and not found:
        entry = claims[0][1]
        check = plugin_check(None, scheme, entry.distribution, entry.version)
        what = f"its claim of {scheme}://… ({entry.value}) belongs to no adapter of the same distribution"
        raise check.broken(what, "Give the scheme the value of the adapter's own entry point")
    yield from found
