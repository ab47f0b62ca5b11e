"""Counterexamples on the tree's own code, compiled for this machine."""
