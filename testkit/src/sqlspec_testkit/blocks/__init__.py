"""Blocks of `begin()` in a session."""
