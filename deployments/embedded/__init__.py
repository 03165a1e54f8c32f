"""The embedded PostgreSQL: its binaries, folders and accounts, and the cluster itself."""
