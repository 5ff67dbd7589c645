"""Many rows or statements in one call: all of them, or none."""
