"""What portal, hub and gateway say to each other: versioned messages as JSON over HTTPS, pulled from below.

Hubs and gateways in the field may be older than the portal: a reader ignores fields it does not know.
"""

VERSION = 1
PREFIX = f"/wire/v{VERSION}"
