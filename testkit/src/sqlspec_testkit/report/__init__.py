"""The capability report: what adapters declare, and what of it a run of the kit has shown."""
