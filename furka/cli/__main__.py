"""Lets `python -m furka.cli` do what `furka` does."""

from furka.cli import main

main(prog_name="furka")
