"""Errors in a session, and transactions that end behind its back."""
