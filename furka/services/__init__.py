"""The services: one folder each; nothing outside a folder knows its name but the list in the settings."""
