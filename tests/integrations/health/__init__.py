"""Tests of the health applications; a package, because they share a way to ask them."""
