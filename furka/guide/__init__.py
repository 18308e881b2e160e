"""The supporter guide: its texts per language, as parts and chapters, for the screen and for paper."""
