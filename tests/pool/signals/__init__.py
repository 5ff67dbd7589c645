"""Ctrl-C inside the pool."""
