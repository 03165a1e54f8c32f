"""Measurements with their baselines: `python -m benchmarks [--only NAME]` (make bench). Results go to benchmarks/results."""
