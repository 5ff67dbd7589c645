"""Who is served when, though others give up at that very moment."""
