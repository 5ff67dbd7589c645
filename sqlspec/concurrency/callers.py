"""Who makes a call: a thread or a task."""

from __future__ import annotations

__all__ = ("async_caller", "caller")


def caller() -> object:
    """The thread that runs this."""
    from threading import current_thread

    return current_thread()


def async_caller() -> object:
    """The task that runs this."""
    from asyncio import current_task

    return current_task()
