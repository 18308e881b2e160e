"""The only room that touches this machine's network: WireGuard interfaces, addresses, routes, nftables."""
