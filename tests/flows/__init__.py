"""Flows on a real Prefect server with a real Postgres behind it."""
