"""`python -m deployments.cli` is `crm`."""

from deployments.cli import main

main()
