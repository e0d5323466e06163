"""The registry of infrastructure projects: what is stored, and how it is read."""
