"""Tests of the integration of FastAPI; a package, so that its modules may have any name."""
