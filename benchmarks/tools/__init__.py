"""What the benchmarks share: how to take turns, and how a result is written."""
