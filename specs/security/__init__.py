"""Properties that a mediator must have whatever the specification says."""
