"""The command, as the tests of the command line run it."""

from tests.unit.cli.conftest import verify

__all__ = ["verify"]
