"""The prove stage; see docs/architecture.md."""
