"""What a gateway does when it is asked for a diagnosis: one module for each sort of probe, and who runs them."""
