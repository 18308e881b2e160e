"""Pictures of the running portal: for the guide, for looking at all pages, for the README."""
