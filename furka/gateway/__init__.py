"""The program on the box at a site: it claims its site, keeps the tunnel to the hub and translates addresses."""
