"""Plans out: workbooks and other files."""
