"""The text of a file that may be anything: too large, a pipe, not text."""

from __future__ import annotations

import os
import stat
from codecs import BOM_UTF8
from typing import TYPE_CHECKING

from sqlspec.config.sources.parsed import UnreadableError

if TYPE_CHECKING:
    from os import PathLike

MAX_BYTES = 1 << 20
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
# Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever. Windows has neither.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def read_text(path: str | PathLike[str], *, private: bool = False) -> str:
    """The file's text without a byte order mark. Never blocks on a pipe or device; raises UnreadableError.

    *private* also refuses a file that others than its owner may read or change.
    """
    raw = _read_bytes(path, private=private).removeprefix(BOM_UTF8)
    try:
        return raw.decode()
    except UnicodeDecodeError as exc:
        # Only the offset is taken: the exception holds the file's bytes.
        start = exc.start
    line = raw.count(b"\n", 0, start) + 1
    column = len(raw[raw.rfind(b"\n", 0, start) + 1 : start].decode()) + 1
    raise UnreadableError("not UTF-8", line, column)


def _read_bytes(path: str | PathLike[str], *, private: bool) -> bytes:
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError as exc:
        reason = exc.strerror
    except ValueError:
        reason = "its name holds a NUL character, or one that the system can not have in a name"
    else:
        try:
            _check(descriptor, private=private)
            return _read_all(descriptor)
        finally:
            os.close(descriptor)
    raise UnreadableError(f"can not be opened: {reason}")


def _check(descriptor: int, *, private: bool) -> None:
    # Asked of the open file, not of its name: the name could mean another file a moment later.
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        raise UnreadableError("not a regular file")
    if private and mode & _OTHERS:
        raise UnreadableError("others than its owner may read or change it; run chmod 600 on it")


def _read_all(descriptor: int) -> bytes:
    raw = b""
    while chunk := os.read(descriptor, MAX_BYTES + 1 - len(raw)):
        raw += chunk
    if len(raw) > MAX_BYTES:
        raise UnreadableError(f"larger than {MAX_BYTES} bytes")
    return raw
