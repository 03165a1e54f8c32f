"""Importing a file of leads: reading it, sharing it out to worker processes, counting, and keeping what could not be imported."""
