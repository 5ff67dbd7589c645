"""Why a database that is a file can not be opened: drivers tell that by a number, or in their own words."""

from __future__ import annotations

import os

__all__ = ("file_problem",)


def file_problem(path: str, *, read_only: bool) -> str | None:
    """What is wrong with *path*, and what to do; None if the file system does not show it.

    It is looked at after the driver has failed, and never before: it may change at any moment.
    """
    whole = os.path.abspath(path)  # noqa: PTH100 - as typed: pathlib would follow `..` in another way
    folder = os.path.dirname(whole)  # noqa: PTH120
    if os.path.isdir(whole):  # noqa: PTH112
        return "it is a directory; name a file in it"
    if not os.path.isdir(folder):  # noqa: PTH112
        is_there = os.path.exists(folder)  # noqa: PTH110
        what = "is a file" if is_there else "does not exist"
        return f"the directory {folder!r} {what}; {'correct the path' if is_there else 'create it'}"
    if not os.path.exists(whole):  # noqa: PTH110
        if read_only:
            return "there is no such file, and with read_only=True none is created"
        return None if os.access(folder, os.W_OK) else f"this process may not write to {folder!r}"
    return None if os.access(whole, os.R_OK) else "this process may not read that file"
