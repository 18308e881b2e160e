"""Tests, read as a description of what the house does."""
