"""OC4IDS as pure knowledge: reading, validating and explaining packages of infrastructure projects.

Nothing below here imports CKAN, Flask or a database.
"""
