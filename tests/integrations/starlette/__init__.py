"""Tests of the integration of Starlette; a package, so that its modules may have any name."""
