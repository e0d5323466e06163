"""OC4IDS as pure knowledge: reading, judging and explaining packages of infrastructure projects.

Nothing below here imports CKAN, Flask or a database.
"""
