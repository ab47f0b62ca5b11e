"""The frontend stage; see docs/architecture.md."""
