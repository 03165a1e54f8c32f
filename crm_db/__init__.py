"""The CRM's data and the rules about it: no web, no Prefect, no network."""
