"""The verdict stage; see docs/architecture.md."""
