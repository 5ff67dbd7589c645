"""A source of configs that changes while the application runs, for those who write one.

A second step of the authors' door: `from sqlspec.plugin.sources import WatchedSource`.
"""

from __future__ import annotations

from sqlspec.config.sources import WatchedSource

__all__ = ("WatchedSource",)
