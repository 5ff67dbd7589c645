"""What the scanner must know of a database's lexical rules, as data.

A dialect says how literals, comments and identifiers look, and which statements are transaction
control. It holds no parser and no driver. An adapter whose database is not listed here makes its own
`Dialect` and hands it to `statements_for`.
"""

from __future__ import annotations

from msgspec import Struct

_BEGIN = (
    "a session begins its transaction by itself; for a part of its work, or with autocommit=True, write "
    "`async with session.begin()`, or `with`"
)
_COMMIT = "call session.commit(), or leave the session's block"
_ROLLBACK = "call session.rollback(), or raise inside the session's block"
_NESTED = "write `async with session.begin()`, or `with`: inside a transaction it is a savepoint"
_AUTOCOMMIT = "ask for it when the session opens: provide_session(autocommit=True)"
_MODE = "say it when the session opens: provide_session(isolation=…, read_only=…)"
TWO_PHASE = "two-phase commit belongs to the driver's own connection: provide_connection()"

CONTROL: tuple[tuple[str, str], ...] = (
    ("BEGIN", _BEGIN),
    ("START TRANSACTION", _BEGIN),
    ("COMMIT", _COMMIT),
    ("END", _COMMIT),
    ("ROLLBACK", _ROLLBACK),
    ("ABORT", _ROLLBACK),
    ("SAVEPOINT", _NESTED),
    ("RELEASE", _NESTED),
    ("ROLLBACK TO", _NESTED),
    ("ROLLBACK WORK TO", _NESTED),
    ("ROLLBACK TRANSACTION TO", _NESTED),
    ("SET AUTOCOMMIT", _AUTOCOMMIT),
    ("SET SESSION AUTOCOMMIT", _AUTOCOMMIT),
    ("SET LOCAL AUTOCOMMIT", _AUTOCOMMIT),
    ("SET TRANSACTION", _MODE),
    ("PREPARE TRANSACTION", TWO_PHASE),
    ("COMMIT PREPARED", TWO_PHASE),
    ("ROLLBACK PREPARED", TWO_PHASE),
    ("XA", TWO_PHASE),
)
"""Statements that would move a transaction behind the session's back: first words → what to do instead.

The longest phrase that fits decides; one without advice is allowed. Words are compared without what stands
between them, so `SET @@session.autocommit` is `SET SESSION AUTOCOMMIT`.
"""


class Dialect(Struct, frozen=True, kw_only=True):
    """How one database reads SQL text. Immutable and hashable; equal dialects share one cache.

    The defaults are the SQL standard's rules plus what nearly every database adds to them.
    """

    name: str

    # Literals, identifiers and comments: whatever is inside them is never looked at.
    string_quotes: tuple[str, ...] = ("'",)
    identifier_quotes: tuple[str, ...] = ('""',)  # opening and closing character of each kind
    quoted_values: bool = False  # a quoted name that names nothing is a string (SQLite)
    backslash_escapes: bool = False  # in every string (MySQL)
    escape_prefixes: str = ""  # letters that turn backslash escapes on for one string ("eE": PostgreSQL)
    dollar_quotes: bool = False  # $$…$$ and $tag$…$tag$
    line_comments: tuple[str, ...] = ("--",)  # a trailing blank stands for any white space, or the end
    newlines: str = "\n"  # the characters that end a line comment
    nested_comments: bool = False
    executable_comments: tuple[str, ...] = ()  # comments that are code: ("/*!", "/*M!")

    # What else a question mark, a colon or a sigil can mean.
    sigils: str = ""  # characters that begin the database's own named parameters
    numbered_sigils: bool = False  # $1 is the first parameter, and no name
    numbered_qmarks: bool = False  # ?1 is the database's own numbered parameter
    double_qmark: bool = False  # ?? is one literal question mark
    qmark_operators: tuple[str, ...] = ()  # operators with a question mark in them, after an operand
    colon_after_operand: bool = False  # a:b is a slice, a pair or an alias, not a placeholder

    # What errors advise.
    list_form: str = "one ? for each value, as in IN (?, ?), and pass (1, 2)"  # instead of IN (?) and a list
    like_form: str = "'%' || ? || '%'"  # a pattern around a parameter

    # Statements.
    compound: tuple[str, ...] = ()  # CREATE … of these has a body with semicolons, up to a lone END
    atomic: tuple[str, ...] = ()  # CREATE … of these has one if it says BEGIN ATOMIC
    enclosed: tuple[str, ...] = ()  # CREATE … of these has one if it is in parentheses
    blocks: tuple[
        str, ...
    ] = ()  # CREATE … of these has one if it has a BEGIN, with more in it; so has BEGIN NOT ATOMIC
    anonymous_block: tuple[
        str, ...
    ] = ()  # the words that begin such a body without CREATE, behind a label or not
    control: tuple[tuple[str, str], ...] = CONTROL

    # What the database's command-line program does with a script.
    delimiter_lines: bool = False  # a line of DELIMITER says what ends a statement from there on (MySQL)
    copy_data: bool = False  # after COPY … FROM stdin come lines of data, up to a line of \. (PostgreSQL)


STANDARD = Dialect(name="standard", newlines="\n\r", colon_after_operand=True)

SQLITE = Dialect(
    name="sqlite",
    identifier_quotes=('""', "``", "[]"),
    quoted_values=True,
    sigils="@$#",
    numbered_qmarks=True,
    list_form="IN (SELECT value FROM json_each(?)), and pass (json.dumps([1, 2]),)",
    compound=("TRIGGER",),
)

POSTGRESQL = Dialect(
    name="postgresql",
    newlines="\n\r",
    escape_prefixes="eE",
    dollar_quotes=True,
    nested_comments=True,
    double_qmark=True,
    qmark_operators=("?|", "?&", "@?"),
    colon_after_operand=True,
    list_form="= ANY(?), or <> ALL(?) for NOT IN, and pass ([1, 2],)",
    atomic=("FUNCTION", "PROCEDURE"),
    enclosed=("RULE",),
    control=(*CONTROL, ("SET SESSION CHARACTERISTICS", _MODE)),
    copy_data=True,
)

MYSQL = Dialect(
    name="mysql",
    string_quotes=("'", '"'),
    identifier_quotes=("``",),
    backslash_escapes=True,
    line_comments=("-- ", "#"),
    executable_comments=("/*!", "/*M!"),
    like_form="CONCAT('%', ?, '%')",
    blocks=("PROCEDURE", "FUNCTION", "TRIGGER", "EVENT"),
    control=(*CONTROL, ("BEGIN NOT ATOMIC", "")),
    delimiter_lines=True,
)

DIALECTS: dict[str, Dialect] = {one.name: one for one in (STANDARD, SQLITE, POSTGRESQL, MYSQL)}
