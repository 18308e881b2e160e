"""From facts to what a hub and a gateway have to have: typed entries, pure compilers, their text forms."""
