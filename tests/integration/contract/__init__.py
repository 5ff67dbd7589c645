"""What core promises for every adapter alike: a file for each kind of fault, one table of adapters."""
