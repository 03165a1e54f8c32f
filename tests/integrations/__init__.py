"""The outside world: every provider against its contract, and the builder of messages against strangers."""
