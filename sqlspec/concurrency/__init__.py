"""The only place where threads and tasks differ, and where forks and signals are dealt with.

What waits is written once, for tasks, and printed for threads; each name here that waits has its other half,
with and without `Async` or `async_`.
"""
