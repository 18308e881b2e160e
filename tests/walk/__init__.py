"""Every address and every operation of the API, visited as every person of the cast."""
