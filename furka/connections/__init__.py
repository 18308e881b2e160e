"""Who is and was in the network of which site, from where, and how much passed: what hubs saw, kept as rows."""
