"""`verify rules`: what there is, what a rule says, and how one is written, checked and tested."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from verify.cli import options as given
from verify.cli.complete import rule_names
from verify.cli.config import load_book, read_config
from verify.cli.rules_check import check
from verify.cli.rules_new import base, new
from verify.cli.rules_pages import pages_
from verify.cli.rules_test import test
from verify.errors import InputError
from verify.rules.rule import Rule


class _Rules(click.Group):
    """What is no command is a rule: `verify rules VER-07` shows it."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.commands and not args[0].startswith("-"):
            args = ["show", *args]
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands, and the rules that `show` would show."""
        return [*super().shell_complete(ctx, incomplete),
                *show.params[0].shell_complete(ctx, incomplete)]


@click.group(cls=_Rules, invoke_without_command=True, epilog=given.examples(
    "verify rules", "verify rules VER-07", "verify rules 'SEC-*'"))
@given.OWN
@click.pass_context
def rules(ctx: click.Context, own: tuple[Path, ...]) -> int:
    """List the rules; with a name or glob, print what they say (`verify rules VER-07`)."""
    if ctx.invoked_subcommand is not None:
        ctx.obj = own
        return 0
    for rule in _known(own):
        click.echo(f"{rule.identity:<12} {rule.force:<10} {rule.title}")
    return 0


@rules.command()
@click.argument("globs", nargs=-1, required=True, shell_complete=rule_names)
@given.OWN
@click.pass_obj
def show(before: tuple[Path, ...] | None, globs: tuple[str, ...], own: tuple[Path, ...]) -> int:
    """Print what rules say, and where that stands."""
    known = _known((*(before or ()), *own))
    for glob in globs:
        chosen = [r for r in known if fnmatchcase(r.identity, glob) or fnmatchcase(r.identity, f"FFA-{glob}")]
        if not chosen:
            raise InputError(f"no rule matches {glob}; `verify rules` lists them")
        for rule in chosen:
            clauses = "; ".join(map(str, rule.clauses))
            click.echo(f"{rule.identity}  {rule.title}\n  {rule.force}, confidence {rule.confidence}; {clauses}")
            click.echo("  " + inspect.cleandoc(rule.documentation).replace("\n", "\n  ") + "\n")
    return 0


def _known(own: Sequence[Path]) -> tuple[Rule, ...]:
    return load_book(own, read_config(None)).rules


for command in (new, check, test, base, pages_):
    rules.add_command(command)
