"""`python -m sqlspec` is the command `sqlspec`."""

from __future__ import annotations

from sqlspec.cli import main

if __name__ == "__main__":
    main()
