"""Writes the distribution of a new adapter, which is green on the kit before its author has typed a line.

    python -m sqlspec_testkit.scaffold mydb
    python -m sqlspec_testkit.scaffold mydb --async
    python -m sqlspec_testkit.scaffold mydb --no-sql
    python -m sqlspec_testkit.scaffold mydb --async --no-sql

`names.py` says which names an adapter may have, `files.py` makes the files of the templates beside it.
"""
