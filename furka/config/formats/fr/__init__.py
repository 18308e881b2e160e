"""French as written in Switzerland."""
