"""Who may do what, one function an action, one module a noun. A request is not validated yet here."""
