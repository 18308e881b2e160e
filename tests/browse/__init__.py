"""The program that opens pages of devices in browsers."""
