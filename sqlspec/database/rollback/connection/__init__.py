"""What takes the place of a connection for each session."""
