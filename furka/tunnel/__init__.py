"""The ends of the tunnels: hubs, persons' profiles, and the addresses that ends and plants were given."""
