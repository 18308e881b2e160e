"""Documents and photos of sites."""
