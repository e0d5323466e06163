"""Who may do what, one transaction each."""
