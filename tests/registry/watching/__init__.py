"""Sources that change while the application runs."""
