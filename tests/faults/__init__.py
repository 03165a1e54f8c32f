"""Faults on the real thing: processes killed under load, and a recount that trusts nobody.

`python -m tests.faults` (make faults) runs every row on a stack of its own; the tests in this folder check the recount itself,
crash single steps, and run one small row.
"""
