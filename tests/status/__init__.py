"""How the cloud is."""
