"""psycopg's connections under core's contract."""
