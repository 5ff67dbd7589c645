"""What Prometheus would read."""

from __future__ import annotations

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from sqlspec import InstrumentationConfig

__all__ = ("SEEN", "Samples", "everything", "names", "parsed", "samples")

SEEN = InstrumentationConfig(enable_prometheus=True)
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def everything() -> str:
    """The text of a scrape."""
    return generate_latest().decode()


def parsed(text: str) -> Samples:
    """The samples in a text, by name and labels; when they were made does not matter."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("sqlspec_") and not sample.name.endswith(("_created", "_bucket"))
    }


def samples(metric: str, database: str, *labels: str) -> dict[str | tuple[str, ...], float]:
    """The values of one metric of one database, by the value of one label, or by those of several."""
    found: dict[str | tuple[str, ...], float] = {}
    for (name, pairs), value in parsed(everything()).items():
        known = dict(pairs)
        if name == metric and known["database"] == database:
            key = tuple(known[label] for label in labels)
            found[key[0] if len(key) == 1 else key] = value
    return found


def names(database: str) -> set[str]:
    """The metrics that have a series of this database."""
    return {name for name, pairs in parsed(everything()) if ("database", database) in pairs}
