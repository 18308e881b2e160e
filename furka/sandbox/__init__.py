"""A private, realistic world for visitors without an account; complete, and gone after a day."""
