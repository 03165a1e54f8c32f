"""The whole stack through HTTP and the command line, as users meet it: one real `crm up` for all."""
