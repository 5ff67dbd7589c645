"""What sessions leave to the next owner of their connection."""
