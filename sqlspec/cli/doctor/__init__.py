"""What `sqlspec doctor` looks at: each file here is a part, and yields findings."""

from __future__ import annotations

from .finding import Finding

__all__ = ("Finding",)
