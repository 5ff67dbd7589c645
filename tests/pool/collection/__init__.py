"""Garbage collection inside the pool's own locked sections."""
