"""Results for people and for programs; nothing here calls a solver."""
