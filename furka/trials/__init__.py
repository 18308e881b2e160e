"""Connection tests: the hub looks a door up in its kernel and knocks at a device, because somebody asked it to."""
