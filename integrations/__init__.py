"""The outside world in the CRM's words: ports, their providers, and nothing of the CRM's data."""
