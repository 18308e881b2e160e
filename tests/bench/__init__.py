"""Measurements of what the design relies on; `make bench` prints them. Nothing here fails for being slow."""
