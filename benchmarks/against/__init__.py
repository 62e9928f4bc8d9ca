"""What `benchmarks/quality.py` holds the algorithms against, by kind of learning."""
