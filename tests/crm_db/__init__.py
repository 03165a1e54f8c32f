"""The data layer, on a real Postgres."""
