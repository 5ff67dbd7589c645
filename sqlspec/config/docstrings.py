"""What the docstrings under a class's fields say. Python forgets them; the source has them."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def field_docs(cls: type) -> dict[str, str]:
    """By field, the text under it, those of parent classes included; nothing where there is no source."""
    docs: dict[str, str] = {}
    for owner in reversed(cls.__mro__):
        docs.update(_own(owner))
    return docs


def _own(cls: type) -> Iterator[tuple[str, str]]:
    try:
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    except (OSError, TypeError, SyntaxError):  # built in C, frozen, or typed at a prompt
        return
    if isinstance(tree, ast.ClassDef):
        for field, doc in zip(tree.body, tree.body[1:], strict=False):
            match field, doc:
                case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                    yield name, inspect.cleandoc(text)
                case _:
                    continue
