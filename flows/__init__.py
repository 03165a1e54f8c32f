"""One file a flow: a short story of named tasks, run on a schedule, by hand, or by an intake."""
