"""PostgreSQL by both adapters: the same tests for each."""
