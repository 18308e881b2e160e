"""The thread through the whole house, with everything real: browser, portal, worker, hub, gateway, kernel."""
