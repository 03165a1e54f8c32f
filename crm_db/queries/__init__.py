"""Questions to the database, a file a noun."""
