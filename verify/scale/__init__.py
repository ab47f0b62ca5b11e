"""Many targets, and many machines."""
