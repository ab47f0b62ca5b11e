"""`verify rules new`: a rule and its literate test, to begin with; `verify rules base`: what the test builds on."""

from __future__ import annotations

import importlib.resources
import re
from pathlib import Path

import click

from verify.errors import InputError
from verify.frontend.preprocess import FFA_C
from verify.literate.bases import LAYERS, SMALL, base_files
from verify.rules.book import load_rules
from verify.rules.own import NAME


@click.command("new")
@click.argument("identity", metavar="FFA-XYZ-01")
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=Path("rules"), show_default=True,
              help="The folder of your rules; made if it is not there.")
def new(identity: str, folder: Path) -> int:
    """Write a rule and its literate test, which pass as they are, to be changed into yours."""
    if not NAME.fullmatch(identity):
        raise InputError(f"{identity}: a rule's name is like FFA-XYZ-01: capitals, digits and dashes")
    for rule in load_rules():
        if rule.identity == identity:
            raise InputError(f"{identity}: the name is taken, by {rule.place}; choose another")
    name = re.sub(r"\W", "_", identity.lower())
    texts = {folder / f"{name}.py": _template("rule.txt"), folder / f"{name}.md": _template("test.txt")}
    for path in texts:
        if path.exists():
            raise InputError(f"{path}: is there already; choose another name, or remove it")
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        path.write_text(text.format(identity=identity, function=name), encoding="utf-8")
        click.echo(path)
    click.echo(f"next: verify rules check {folder}/{name}.py; verify rules test {folder} --rules {folder}")
    return 0


@click.command("base")
@click.argument("name", type=click.Choice(list(LAYERS)), default=SMALL)
def base(name: str) -> int:
    """Print a mediator whose functions literate tests replace, by default the small one.

    mailbox: the host also registers a pair of buffers. partition: it asks which partitions there are, too. memory: it
    registers buffers, shares and lends memory, and takes it back.
    """
    click.echo(base_files(name)[FFA_C], nl=False)
    return 0


def _template(name: str) -> str:
    return (importlib.resources.files("verify.literate") / name).read_text(encoding="utf-8")
