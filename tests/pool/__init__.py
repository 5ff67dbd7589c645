"""Tests of the pool; a package, because they share a scripted driver."""
