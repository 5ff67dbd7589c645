"""What ends a session, and what becomes of its work."""
