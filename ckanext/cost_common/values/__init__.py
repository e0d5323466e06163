"""Readers of values that plans, sources and workbooks share, as officials write them. Pure Python."""
