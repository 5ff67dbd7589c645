"""Results that stay on the server and are read in batches."""
