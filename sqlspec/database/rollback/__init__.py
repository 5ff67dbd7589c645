"""One transaction around all that an application does with a database, undone at its end: for tests.

    override("main", rollback=True)
        RollbackDatabase ── its pools lend ──▶ NestedConnection ── takes turns on ──▶ OuterTransaction
                                               one for each session                  the one real connection

What a session calls a transaction is a savepoint here. Which savepoints there are, and what may be undone
without touching another session's work, is decided in `savepoints`; which statements may run, in `rules`.
"""
