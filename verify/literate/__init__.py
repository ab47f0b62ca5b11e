"""Literate tests of rules: prose, C in the shape of the kernel's, and the verdicts that it must have."""
