"""`verify completion`: the script by which a shell completes commands, options and their values."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from verify.cli.options import examples
from verify.errors import InternalError

SHELLS = ("bash", "fish", "zsh")
VARIABLE = "_VERIFY_COMPLETE"


@click.command(epilog=examples(
    "verify completion bash > ~/.local/share/bash-completion/completions/verify",
    "verify completion zsh > ~/.zfunc/_verify     # with fpath+=~/.zfunc before compinit",
    "verify completion fish > ~/.config/fish/completions/verify.fish"))
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> int:
    """Print the script that lets a shell complete commands, options, rules, targets and trust levels."""
    kind = get_completion_class(shell)
    if kind is None:
        raise InternalError(f"click has no completion for {shell}")
    script = kind(context.find_root().command, {}, "verify", VARIABLE)
    click.echo(script.source_template % script.source_vars())  # `source()` would run bash to ask for its version
    return 0
