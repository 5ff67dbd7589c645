"""Waiting for something outside of this process, in a thread and in a task."""

from __future__ import annotations

import asyncio
import time

__all__ = ("async_pause", "pause")


def pause(seconds: float) -> None:
    """Block the thread."""
    time.sleep(seconds)


async def async_pause(seconds: float) -> None:
    """Let the loop go on."""
    await asyncio.sleep(seconds)
