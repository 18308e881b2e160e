"""Which plant a person's device has at hand under its real addresses."""
