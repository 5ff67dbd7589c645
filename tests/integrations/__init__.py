"""Tests of what web frameworks mount."""
