"""Tests of a pool's life, from first use to the end; a package, because they share a scripted database."""
