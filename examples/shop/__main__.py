"""`python examples/shop`: the shop on this machine, until Ctrl-C, with its data in a folder beside it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import uvicorn

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Serve it on port 8000, or on the one that is given."""
    folder = Path(os.environ.setdefault("SHOP_DIR", str(HERE / "data")))
    folder.mkdir(parents=True, exist_ok=True)
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    uvicorn.run("app:app", app_dir=str(HERE), host="127.0.0.1", port=port)


if __name__ == "__main__":
    main()
