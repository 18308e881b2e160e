"""Release at the plant: somebody on the spot lets a prepared supporter in, without a login to the portal."""
