"""Connect Basic: remote access of a person to the network of one site, through the tunnel."""
