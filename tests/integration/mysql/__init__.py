"""MySQL's side of every promise, judged by a real server."""
