"""The program beside a hub through which a browser sees a device's page: each under an origin of its own, no client."""
