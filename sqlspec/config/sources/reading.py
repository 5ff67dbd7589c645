"""The text of a file that may be anything: too large, a pipe, not text."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from sqlspec.errors import ConfigFileError

if TYPE_CHECKING:
    from os import PathLike

MAX_BYTES = 1 << 20
# Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever. Windows has neither.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def read_text(path: str | PathLike[str]) -> str:
    """The file's text without a byte order mark. Never blocks on a pipe or device; raises ConfigFileError."""
    raw = _read_bytes(path)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        # Only the offset is taken: the exception holds the file's bytes.
        start = exc.start
    line = raw.count(b"\n", 0, start) + 1
    column = start - raw.rfind(b"\n", 0, start)
    raise ConfigFileError("not UTF-8", path=path, line=line, column=column)


def _read_bytes(path: str | PathLike[str]) -> bytes:
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError as exc:
        raise ConfigFileError(f"can not be opened: {exc.strerror}", path=path) from None
    except ValueError:
        raise ConfigFileError("can not be opened: its name holds a NUL character", path=path) from None
    try:
        _check_regular(descriptor, path)
        return _read_all(descriptor, path)
    finally:
        os.close(descriptor)


def _check_regular(descriptor: int, path: str | PathLike[str]) -> None:
    # Asked of the open file, not of its name: the name could mean another file a moment later.
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise ConfigFileError("not a regular file", path=path)


def _read_all(descriptor: int, path: str | PathLike[str]) -> bytes:
    raw = b""
    while chunk := os.read(descriptor, MAX_BYTES + 1 - len(raw)):
        raw += chunk
    if len(raw) > MAX_BYTES:
        raise ConfigFileError(f"larger than {MAX_BYTES} bytes", path=path)
    return raw
