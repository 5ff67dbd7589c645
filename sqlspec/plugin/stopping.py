"""What stopping a statement may take: a message to the server, or another thread.

A second step of the authors' door: `from sqlspec.plugin.stopping import StopRequest`.
"""

from __future__ import annotations

from sqlspec.concurrency.limits import Alarm
from sqlspec.plugin.contract import StopRequest

__all__ = ("Alarm", "StopRequest")
