"""Fields of the request of each action, one module a noun."""
