"""One call at a time on the one connection."""
