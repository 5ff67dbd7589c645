"""For every test of this repository."""

from __future__ import annotations

from hypothesis import settings

# How long an example takes says how busy the machine is: no test is timed.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
