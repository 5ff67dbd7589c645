"""The life of connections: what they leave to the next owner, and how they end."""
