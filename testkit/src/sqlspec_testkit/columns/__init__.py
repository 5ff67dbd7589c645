"""Results: their columns, their counts, and names that have to be quoted."""
