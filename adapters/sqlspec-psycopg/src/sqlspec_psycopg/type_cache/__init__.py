"""What a connection knows of the types of parameters and results."""
