"""The shop's endpoints, for tasks and for threads."""
