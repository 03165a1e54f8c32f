"""One file a provider; `integrations.registry` finds them all, and no provider knows another."""
