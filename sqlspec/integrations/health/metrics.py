"""The page for Prometheus, by its own library."""

from __future__ import annotations

import os

from .answers import TEXT, Answer

__all__ = ("metrics",)

NOT_INSTALLED = Answer(
    404, TEXT, b"Metrics need the package prometheus-client; type: pip install prometheus-client\n"
)


def metrics(accept: str) -> Answer:
    """All that is in the library's default registry, or that the processes of one server have written.

    *accept* is the header of the request.
    """
    try:
        from prometheus_client import REGISTRY, CollectorRegistry
        from prometheus_client.exposition import choose_encoder
    except ImportError:
        return NOT_INSTALLED
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        from prometheus_client.multiprocess import MultiProcessCollector

        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    try:
        encode, content_type = choose_encoder(accept)
    except (TypeError, ValueError):  # it asks for a version that is none
        encode, content_type = choose_encoder("")
    return Answer(200, content_type, encode(registry))
