"""What a session says itself."""
