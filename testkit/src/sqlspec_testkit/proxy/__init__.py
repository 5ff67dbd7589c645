"""A TCP proxy for tests: delays, stalls, cuts, loses replies, and counts round trips."""

from __future__ import annotations

from .counters import MySQLCounter, PostgreSQLCounter, RedisCounter
from .link import Link, Trap
from .proxy import FaultProxy

__all__ = ("FaultProxy", "Link", "MySQLCounter", "PostgreSQLCounter", "RedisCounter", "Trap")
