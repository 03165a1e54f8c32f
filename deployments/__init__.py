"""Turning the code into processes: the `crm` command line, the local stack, the embedded PostgreSQL."""
