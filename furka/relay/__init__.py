"""The way over TCP 443: WireGuard's datagrams inside one TLS connection, where a network lets out nothing else.

The relay stands beside a hub (`furka hub relay`); the gateway has the other end. WireGuard stays end to end inside: the
relay sees nothing but sealed datagrams, and hands them to the hub's own WireGuard port on this machine, nowhere else.
"""
