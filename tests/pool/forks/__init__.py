"""The pool in forked children, and at the interpreter's exit."""
