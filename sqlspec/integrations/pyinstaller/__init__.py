"""The hook for PyInstaller is beside this file; the entry point `hook-dirs` of `pyinstaller40` says so."""

from __future__ import annotations

from pathlib import Path

__all__ = ("hook_folders",)


def hook_folders() -> list[str]:
    """The folders with hooks for PyInstaller."""
    return [str(Path(__file__).parent)]
