"""Pages of devices that people have open in their browsers: whose, of which device, from when until when."""
