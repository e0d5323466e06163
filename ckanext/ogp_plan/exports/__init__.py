"""Plans out of the portal: as files and as a dataset of the catalogue."""
