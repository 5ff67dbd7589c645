"""What an application says about its databases: pure data, no sockets and no threads.

A config is built by hand, from a URL, or from a mapping that a file held. It is checked when it is built,
never changed afterwards, and remembers which of its fields were said and which are defaults.
"""

from __future__ import annotations

from sqlspec.config.base import AsyncOnlyConfig, DatabaseConfig, InstrumentationConfig
from sqlspec.config.secret import Secret

__all__ = ("AsyncOnlyConfig", "DatabaseConfig", "InstrumentationConfig", "Secret")
