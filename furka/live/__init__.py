"""News: what has just changed, told to whoever waits for it (open pages, hubs, gateways), in every portal process."""
