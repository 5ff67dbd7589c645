"""How a session ends: committed, not committed, unknown; and what is cancelled meanwhile."""
