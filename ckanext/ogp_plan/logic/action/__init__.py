"""Actions, one module a noun. Each checks access first and validates its request second."""
