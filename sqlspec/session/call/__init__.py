"""One call of a session, under its connection's guard."""
