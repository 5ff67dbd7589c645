"""What core tells observers: the events, and the observers that ship with it."""
