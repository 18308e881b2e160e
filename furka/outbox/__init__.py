"""Outgoing mail as rows: written in the transaction of what they tell, sent afterwards, never lost."""
