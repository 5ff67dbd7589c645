"""The rows of `stream`."""
