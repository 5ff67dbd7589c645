"""The files of a new distribution, made of the templates in this package.

A template is the file itself with `.txt` behind its name, so that no tool takes it for Python. Its
placeholders are those of `string.Template`: Python, TOML and Markdown are full of braces, and have hardly a
dollar.
"""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path
from string import Template
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from .names import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

    from .names import Names

__all__ = ("KINDS", "texts", "write")

KINDS = {
    "sync": ("all", "sql", "sync"),
    "async": ("all", "sql", "async"),
    "no-sql": ("all", "store", "no-sql"),
    "async-no-sql": ("all", "store", "async-no-sql"),
}
"""Of which folders of templates each kind of adapter is made."""
PACKAGE = "PACKAGE"
"""The folder that has the name of the package."""


def texts(kind: str, names: Names) -> dict[str, str]:
    """The text of each file, by its path in the distribution."""
    found: dict[str, str] = {}
    for layer in KINDS[kind]:
        for path, template in _templates(files("sqlspec_testkit.scaffold") / "templates" / layer):
            found[path.replace(PACKAGE, names.package)] = Template(template).substitute(names._asdict())
    return found


def _templates(folder: Traversable, before: str = "") -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _templates(entry, f"{before}{entry.name}/")
        elif entry.name.endswith(".txt"):
            yield before + entry.name.removesuffix(".txt"), entry.read_text("utf-8")


def write(target: Path, contents: dict[str, str]) -> None:
    """Make the folder *target* with all these files, or leave everything as it is. Raises `Refused`."""
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise Refused(f"{target}/ is there and not empty. Move it away: mv {target} {target}.old")
    try:
        unfinished = Path(mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as exc:
        place = target.parent.resolve()
        raise Refused(f"no folder can be made in {place}: {exc.strerror}. Go to another folder") from exc
    try:
        for name, text in contents.items():
            path = unfinished / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        unfinished.chmod(0o755)  # mkdtemp's are for their owner alone
        if target.exists():
            target.rmdir()
        unfinished.rename(target)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
