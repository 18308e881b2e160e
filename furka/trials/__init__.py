"""Connection tests: the hub looks a door up in its kernel and tries a device, because somebody asked it to."""
