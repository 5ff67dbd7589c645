"""`python examples/shop`: the shop on this machine, until Ctrl-C, with its data in a folder beside it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import uvicorn

HIGHEST_PORT = 65535
HERE = Path(__file__).resolve().parent


def main() -> None:
    """Serve it on port 8000, or on the one that is given."""
    folder = Path(os.environ.setdefault("SHOP_DIR", str(HERE / "data")))
    folder.mkdir(parents=True, exist_ok=True)
    given = sys.argv[1] if len(sys.argv) > 1 else "8000"
    if not given.isdecimal() or not 0 < int(given) <= HIGHEST_PORT:
        sys.exit(f"{given!r} is no port: type one from 1 to 65535, or nothing for 8000")
    port = int(given)
    sys.stderr.write(f"open http://127.0.0.1:{port}/docs in a browser to add a product and sell it\n")
    uvicorn.run("app:app", app_dir=str(HERE), host="127.0.0.1", port=port)


if __name__ == "__main__":
    main()
