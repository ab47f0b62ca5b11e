"""What an earlier run found of the same unit, by the same program, asked the same: not worked out again.

A result is decided by the unit's IR, the names bound to it, the options and the program's own text. All of them are in
the key of an answer; how many processes there are, and which other rules are judged, are not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from verify.cache.program import program_digest
from verify.cache.store import Store
from verify.ir.codec import encode_function, encode_unit_header
from verify.ir.decode import Malformed, each, mapping, string
from verify.ir.function import Unit
from verify.prove.outcome import RuleResult
from verify.rules.binding import Binding
from verify.rules.rule import Rule
from verify.solve.remembered import Remembered
from verify.verdict import kept
from verify.verdict.options import Options


@dataclass(frozen=True, slots=True)
class Reuse:
    """One unit's answers in a store; without a store there are none. `base`: the part of all keys that is the same."""

    store: Store | None = None
    base: str = ""
    tell: kept.Teller = lambda finding: {}
    retells: bool = True
    """Results come from the store, as reports tell them; else all is judged, and each finding keeps its episode."""

    @property
    def answers(self) -> Remembered:
        """Of solvers, whoever asked: another unit, or this one before an edit."""
        return Remembered(self.store)

    def invariants(self) -> Mapping[str, tuple[str, ...]] | None:
        """By trust level."""
        text = self._get("invariants")
        try:
            return mapping(kept.parse(text), lambda names: each(names, string)) if text else None
        except Malformed:
            return None

    def keep_invariants(self, found: Mapping[str, tuple[str, ...]]) -> None:
        self._put(json.dumps(dict(found), ensure_ascii=False), "invariants")

    def all_results(self, rules: Sequence[Rule]) -> dict[str, list[RuleResult]]:
        """By rule, those that are known; each at all trust levels of the options, or empty: nothing to report."""
        if not self.retells:
            return {}
        found = ((rule.identity, self._results(rule.identity)) for rule in rules)
        return {rule: results for rule, results in found if results is not None}

    def _results(self, rule: str) -> list[RuleResult] | None:
        text = self._get("rule", rule)
        try:
            return kept.decode(text) if text else None
        except Malformed:
            return None

    def keep(self, rule: str, results: list[RuleResult]) -> list[RuleResult]:
        """Puts them into the store. The results; retold, so that nobody tells them again."""
        if self.store is None:
            return results
        told = kept.retold(results, self.tell)
        self._put(kept.encode(told), "rule", rule)
        return told if self.retells else results

    def _get(self, *names: str) -> str | None:
        return self.store.get(_digest(self.base, *names)) if self.store else None

    def _put(self, text: str, *names: str) -> None:
        if self.store:
            self.store.put(_digest(self.base, *names), text)


NO_REUSE = Reuse()


def reuse_from(store: Store, unit: Unit, binding: Binding, options: Options, tell: kept.Teller) -> Reuse:
    return Reuse(store, _base(unit, binding, options), tell)


def _base(unit: Unit, binding: Binding, options: Options) -> str:
    functions = [encode_function(unit.functions[name]) for name in sorted(unit.functions)]
    asked = replace(options, rules=(), jobs=1)
    return _digest(program_digest(options.own), repr(asked), repr(binding), encode_unit_header(unit), *functions)


def _digest(*texts: str) -> str:
    """Of the texts one by one: none can be taken for a part of another."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(hashlib.sha256(text.encode()).digest())
    return digest.hexdigest()
