"""What people put to a site: its documents and its photo."""
