"""The plan of each hub as rows: compiled from what an operation touched, numbered, and handed out as differences."""
