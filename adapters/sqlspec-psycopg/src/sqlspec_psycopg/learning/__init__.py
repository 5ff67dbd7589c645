"""What a connection learns of types, and of what it prepared."""
