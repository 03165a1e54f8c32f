"""Prefect tasks: one transaction or one outside call at a time."""
