"""Rows of tables as plain values: what the API and the pages answer."""
