"""What a service is, which ones are present, and the settings they have at each level."""
