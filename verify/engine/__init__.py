"""Symbolic execution: IR → one guarded, merged transition per host call."""
