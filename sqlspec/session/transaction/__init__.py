"""The `begin()` blocks of a session."""
