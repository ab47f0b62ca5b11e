"""Typed, interned formulas of our own: independent of any solver, with an evaluator in plain Python."""
