"""The HTTP face of the CRM: capture, REST, and starting flows; it knows nothing of Prefect's library."""
