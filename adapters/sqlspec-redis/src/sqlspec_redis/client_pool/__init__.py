"""What redis-py's client takes for its pool. Its two halves are imported where they are needed."""
