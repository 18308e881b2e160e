"""Links between sites."""
