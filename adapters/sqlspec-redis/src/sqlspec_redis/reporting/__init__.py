"""Sessions that report their commands to observers."""
