"""The one connection, with the transaction that is never committed."""
