"""A command is given what its options and arguments are, all of it and nothing else."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click
import pytest

from verify.cli.main import cli


def commands(group: click.Group) -> Iterator[click.Command]:
    for command in group.commands.values():
        yield command
        if isinstance(command, click.Group):
            yield from commands(command)


@pytest.mark.parametrize("command", list(commands(cli)), ids=lambda command: str(command.name))
def test_a_command_takes_its_own_parameters(command: click.Command) -> None:
    assert command.callback is not None
    taken = inspect.signature(command.callback, follow_wrapped=False).parameters
    if any(one.kind is one.VAR_KEYWORD for one in taken.values()):
        return  # who adds the options takes them out again
    given = {one.name for one in command.params}
    passed = set(taken) - {"ctx", "before"}
    assert given == passed
