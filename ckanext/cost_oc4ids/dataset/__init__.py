"""The plugin's part in CKAN's datasets and resources: index, facets, views, scheming."""
