"""Errors: their classes, and what their texts keep to themselves."""
