"""What every pool keeps, also that of a database without SQL."""
