"""Which statics and functions of a target carry the names that rules use."""
