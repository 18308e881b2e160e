"""What a site is made of: its gateway, the codes that claim one, its networks and devices."""
