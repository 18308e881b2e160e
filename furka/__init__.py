"""Furka: remote access to technical plants, and the management portal behind it."""

__version__ = "0.1.0"
