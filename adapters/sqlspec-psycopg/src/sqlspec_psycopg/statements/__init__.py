"""Running the statements of the application."""
