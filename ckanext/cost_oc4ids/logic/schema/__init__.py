"""What each action takes: one module a noun."""
