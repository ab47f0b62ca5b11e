"""Answers that were found before, in files by digest; see docs/architecture.md."""
