"""Validation of OC4IDS files on every way into a dataset, and what is stored of it."""
