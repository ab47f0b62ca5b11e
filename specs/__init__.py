"""The rules: a folder per chapter of a specification, a file per clause or tight group."""
