"""Proves FF-A mediation rules on unmodified C, or shows the calls that break them."""

__version__ = "0.1.0"
