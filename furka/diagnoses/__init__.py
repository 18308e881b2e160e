"""Diagnoses: what a gateway is asked to try in its plant, and what it found, piece by piece."""
