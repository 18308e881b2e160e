"""Loops over rows that are due. Any number of workers may run; each row is claimed, so nothing is done twice."""
