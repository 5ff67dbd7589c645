"""Capabilities: what an adapter declares is true. `_sync.py` is printed from `_async.py`."""
