"""Loads: many rows by the fastest way, of every type, all of them or none."""
