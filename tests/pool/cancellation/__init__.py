"""Cancellation at every await of acquire, use and release."""
