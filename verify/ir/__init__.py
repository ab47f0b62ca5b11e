"""The typed, located intermediate representation; imports nothing of the project but errors."""
