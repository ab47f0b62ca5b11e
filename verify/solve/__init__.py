"""The solve stage; see docs/architecture.md."""
