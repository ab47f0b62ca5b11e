"""The command line: reads arguments, calls the layers below, prints, and returns an exit status."""
