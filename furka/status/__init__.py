"""How the cloud is: what was measured of its parts, and incidents, which begin and end by themselves."""
