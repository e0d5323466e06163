"""Tables and rules joined: load, lock, call the pure rules, store. No HTTP, no templates."""
