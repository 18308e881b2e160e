"""Periodic reviews: is each access still needed? Answered one by one, signed off by an owner, kept as it was signed."""
