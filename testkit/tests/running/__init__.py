"""How the kit runs: what it says, what it ends, and what it writes down."""
