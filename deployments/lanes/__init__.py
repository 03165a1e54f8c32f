"""Where flows run: the intakes and their pace, runs in process, sweeps, and what Prefect is told of."""
