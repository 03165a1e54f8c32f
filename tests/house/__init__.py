"""The house rules that no ready-made tool holds, each with a machine behind it."""
