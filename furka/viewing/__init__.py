"""Seeing the portal as somebody else does: for a while, at one level and below, without touching anything."""
