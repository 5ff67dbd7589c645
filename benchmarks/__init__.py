"""What the budgets of this project cost, measured: `python -m benchmarks`."""
