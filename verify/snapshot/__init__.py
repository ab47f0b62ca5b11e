"""Saved targets: `extracted/<target>/` holds a unit's IR and where it came from, never any source text."""
