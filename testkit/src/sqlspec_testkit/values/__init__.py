"""Values: what goes in comes out, on every way in."""
