"""What a session refuses, and what it leaves behind."""
