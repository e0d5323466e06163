"""Letters: what is written, when it is due, and how it is sent."""
