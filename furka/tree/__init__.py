"""The tree of resellers, customers and sites, the grants that open it, and the guard around all that belongs to it."""
