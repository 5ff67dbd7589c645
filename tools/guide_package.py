"""The adapter of docs/plugins.md as a distribution: what a reader gets who types the page into files.

    python tools/guide_package.py FOLDER

A block of Python or TOML whose first line names a file is that file. A console block shows files that
do not run by themselves: `ls` names all of a package, and those without a block are empty; `cat` shows
one. On the page all blocks run in one namespace; the comment `# in the package: LINE` gives the line that
the file has instead.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

__all__ = ("PAGE", "files", "write")

PAGE = Path(__file__).parents[1] / "docs" / "plugins.md"
BLOCK = re.compile(r"^```(?:python|toml)\n# (\S+\.\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (ls|cat) (\S+)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
IN_PACKAGE = re.compile(r"^(\s*).*# in the package: (.*)$", re.MULTILINE)


def files(page: str) -> dict[str, str]:
    """The text of every file that *page* shows, by its path."""
    found: dict[str, str] = {}
    for console in CONSOLE.findall(page):
        for command, path, output in COMMAND.findall(console):
            if command == "ls":
                found |= {f"{path}/{name}": "" for name in output.split()}
            else:
                found[path] = output
    return found | {path: IN_PACKAGE.sub(r"\1\2", text) for path, text in BLOCK.findall(page)}


def write(page: str, folder: Path) -> None:
    """Write the files that *page* shows into *folder*."""
    for name, text in files(page).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(PAGE.read_text("utf-8"), Path(sys.argv[1]))
