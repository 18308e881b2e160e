"""A made-up installation of any size: to measure with, and to see how the portal feels when much is in it."""
