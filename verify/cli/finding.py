"""The finding that a fingerprint names, with its episode."""

from __future__ import annotations

import re
from dataclasses import replace

from verify.cache.store import Store
from verify.cli.run import judge_all
from verify.cli.targets import Chosen
from verify.errors import InputError
from verify.native.findings import Told, all_told
from verify.prove.trust import LEVELS
from verify.rules.binding import Binding
from verify.rules.rule import Rule
from verify.verdict.options import Options
from verify.verdict.reuse import reuse_from
from verify.verdict.run import TargetRun

_FINGERPRINT = re.compile("[0-9a-f]{16}")


def find(
    fingerprint: str, chosen: Chosen, known: list[Binding], rules: tuple[Rule, ...], options: Options, store: Store
) -> tuple[TargetRun, Told]:
    """The finding with its episode, at the strictest level that shows it. Raises InputError where there is none."""
    if not _FINGERPRINT.fullmatch(fingerprint):
        raise InputError(f"'{fingerprint[:40]}' is no fingerprint; it has 16 hexadecimal digits, as reports show it")
    rules, options = _narrowed(fingerprint, chosen, known[0], rules, options, store)
    run = judge_all([chosen], known, rules, options, store, retells=False)[0]
    found = sorted(all_told(run), key=lambda told: LEVELS.index(told.result.trust), reverse=True)
    for told in found:
        if told.finding.fingerprint == fingerprint:
            return run, told
    there = sorted({told.finding.fingerprint for told in found})
    raise InputError(f"no finding {fingerprint} of {len(rules)} rules; " + (
        f"there are {', '.join(there)}" if there else "they have none; give its --rule, and --trust if it needs one"))


def _narrowed(
    fingerprint: str, chosen: Chosen, binding: Binding, rules: tuple[Rule, ...], options: Options, store: Store
) -> tuple[tuple[Rule, ...], Options]:
    """To the rule and the function of the finding, where an earlier run kept it."""
    known = reuse_from(store, chosen.unit, binding, options, lambda finding: {}).all_results(rules)
    for rule in rules:
        for result in reversed(known.get(rule.identity, [])):
            for part in result.parts:
                if any(finding.fingerprint == fingerprint for finding in part.findings):
                    return (rule,), replace(options, functions=(part.function,), trusts=(result.trust,))
    return rules, options
