"""Changes, a file a noun; each writes its event in the same transaction."""
