"""The driver's own connections, with bounded waits."""
