"""Where configs come from besides code: files, the environment, and sources of others.

A source yields plain tables and the place of each key. What they mean is worked out in one place for all of
them: profiles and inheritance here, in `document`; the config's class by the registry.
"""

from __future__ import annotations

from sqlspec.config.sources.source import ConfigSource, SourceTables
from sqlspec.config.sources.watched import WatchedSource

__all__ = ("ConfigSource", "SourceTables", "WatchedSource")
