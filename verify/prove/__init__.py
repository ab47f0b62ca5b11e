"""Proofs: invariants, parts of rules, counterexamples from reset, replay."""
