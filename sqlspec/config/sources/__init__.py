"""Where configs come from besides code. A source yields plain data; the registry finds its config's type."""

from __future__ import annotations

from sqlspec.config.sources.file import LoadedFile, load_file

__all__ = ("LoadedFile", "load_file")
