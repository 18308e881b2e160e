"""Where hubs and gateways ask and report: thin endpoints over `wire`, each with the proof it demands."""
