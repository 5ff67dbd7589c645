"""Arrow tables keep the types of their columns."""
