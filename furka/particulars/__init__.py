"""What people note about levels: labels, address and place, whom to call."""
