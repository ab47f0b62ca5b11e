"""What a shell offers for the value of an option."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

from verify.errors import VerifyError
from verify.prove.trust import LEVELS
from verify.rules.rule import ALL_PROFILES

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _completer(known: Callable[[], Iterable[str]]) -> Completer:
    """Nothing is read before a shell asks; where it cannot be read there is nothing to offer."""

    def complete(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
        try:
            return [CompletionItem(name) for name in known() if name.startswith(incomplete)]
        except VerifyError:
            return []

    return complete


def _rules() -> list[str]:
    from verify.rules.book import load_rules

    names = [rule.identity for rule in load_rules()]
    return [*names, *(name.removeprefix("FFA-") for name in names)]


def _targets() -> list[str]:
    from verify.cli.targets import snapshot_folder, snapshot_names

    return snapshot_names(snapshot_folder())


rule_names, target_names = _completer(_rules), _completer(_targets)
profile_names, trust_levels = _completer(lambda: ALL_PROFILES), _completer(lambda: LEVELS)
page_sizes = _completer(lambda: ("4K", "16K", "64K"))
