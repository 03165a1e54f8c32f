"""`crm fakes`: the shipped provider fakes as a process of their own, found again by CRM_HOME/run/fakes.json."""
