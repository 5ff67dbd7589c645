"""Workers of Celery: real processes, with a real broker."""
