"""`verify rules`: what there is, and what a rule says."""

from __future__ import annotations

import inspect
from fnmatch import fnmatchcase

import click

from verify.cli.complete import rule_names
from verify.cli.options import examples
from verify.errors import InputError
from verify.rules.book import load_rules


@click.command(epilog=examples("verify rules", "verify rules VER-07", "verify rules 'SEC-*'"))
@click.argument("globs", nargs=-1, shell_complete=rule_names)
def rules(globs: tuple[str, ...]) -> int:
    """List the rules; with a name or glob, print what they say."""
    known = load_rules()
    if not globs:
        for rule in known:
            click.echo(f"{rule.identity:<12} {rule.force:<10} {rule.title}")
        return 0
    for glob in globs:
        chosen = [r for r in known if fnmatchcase(r.identity, glob) or fnmatchcase(r.identity, f"FFA-{glob}")]
        if not chosen:
            raise InputError(f"no rule matches {glob}; `verify rules` lists them")
        for rule in chosen:
            clauses = "; ".join(map(str, rule.clauses))
            click.echo(f"{rule.identity}  {rule.title}\n  {rule.force}, confidence {rule.confidence}; {clauses}")
            click.echo("  " + inspect.cleandoc(rule.documentation).replace("\n", "\n  ") + "\n")
    return 0
