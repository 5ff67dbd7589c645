"""The shop's registry, made when this is imported: with gunicorn's `--preload` before the fork."""

from __future__ import annotations

import json
import os
from importlib import import_module
from typing import Any

from sqlspec import SQLSpec

__all__ = ("DOOM", "settings", "spec")

DOOM: dict[str, tuple[str, str | None]] = {
    "sqlite": ("UPDATE audit SET boss = -1 WHERE id = {} RETURNING id", None),
    "postgresql": ("UPDATE audit SET boss = -1 WHERE id = {} RETURNING id", None),
    "duckdb": ("INSERT INTO claim VALUES ({}) RETURNING id", "INSERT INTO claim VALUES ({})"),
    "mysql": ("SELECT connection_id()", "KILL {}"),
}
"""What makes a COMMIT fail, by dialect: a statement of the session, and one of a rival with its result."""

settings: dict[str, Any] = json.loads(os.environ["SHOP"])
spec = SQLSpec()
spec.register_config(
    getattr(import_module(settings["module"]), settings["config"])(**settings["options"]), "shop"
)
spec.register_config(spec.get_config("shop").replace(), "rival")

if settings["opens_early"]:  # what the parent opens must not be used by its children
    with spec.provide_session("shop") as opened:
        opened.execute("SELECT 1")
