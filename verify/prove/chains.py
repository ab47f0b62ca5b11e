"""The hunt through symbolic sequences from reset: boot, up to two calls, and the call that breaks a part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from verify.engine.record import Site
from verify.errors import ReplayMismatch
from verify.prove.claims import Claim, Renamed, alone, claims, is_about_state_only, speaks_of_hazards
from verify.prove.hunt import Hit, Known, remaining, shown
from verify.prove.outcome import Episode
from verify.prove.replay import Replay
from verify.prove.reset import Script, Search
from verify.prove.target import Target
from verify.rules.rule import Part, Rule
from verify.solve.query import Undecided
from verify.terms import build as t
from verify.terms.evaluate import evaluate
from verify.terms.term import Term


@dataclass(slots=True)
class ChainHunt:
    """`target` need not follow memory: a path that is not modelled is no path here."""

    target: Target
    rule: Rule
    profile: str
    search: Search
    _renamed: Renamed = field(default_factory=Renamed)
    _parts: dict[str, Part] = field(default_factory=dict)

    def hits(self, name: str, known: Known) -> list[Hit] | Undecided:
        """What is undefined is not looked for: these calls go no further."""
        part = self._part(name)
        if part is None or speaks_of_hazards(part):
            return []
        conjuncts = claims(self.target, part, self._renamed)
        record = self.target.step.record
        wrong = [remaining(record, claim, known) for claim in conjuncts]
        script = self._sequence([*self._given(part), *alone(conjuncts)], wrong)
        if not isinstance(script, Script):
            return script or []
        values = evaluate([term for term, claim in zip(wrong, conjuncts, strict=True)
                           for term in (term, claim.origin)], script.values)
        pairs = zip(conjuncts, values[::2], values[1::2], strict=True)
        found = {(claim.key, site): claim for claim, fails, site in pairs if fails}
        replayed = Replay(self.target, self.rule, self.profile, script, name)
        return [self._hit(claim, record.sites[site], replayed) for (_, site), claim in found.items()
                if not self._is_open(claim) or _agrees(replayed, claim)]

    def _is_open(self, claim: Claim) -> bool:
        """Two runs that differ in a static that no lock protects look at it often: no state may be as they have it."""
        return claim.require.independent is not None and bool(self.target.shared.others)

    def witness(self, name: str) -> Episode | Undecided | None:
        part = self._part(name)
        if part is None:
            return None
        script = self.search.find(self._given(part), readable=False)
        return Replay(self.target, self.rule, self.profile, script, name).witness() if isinstance(
            script, Script) else script

    def _part(self, name: str) -> Part | None:
        if not self._parts:
            scene = self.target.scene(self.profile)
            self._parts.update((part.name, part) for part in self.rule.statement(scene))
        return self._parts.get(name)

    def _given(self, part: Part) -> list[Term]:
        undispatched = self.target.scene(self.profile).undispatched.term
        return [part.given.term, *([] if is_about_state_only(part) else [t.not_(undispatched)])]

    def _sequence(self, given: Sequence[Term], wrong: Sequence[Term]) -> Script | Undecided | None:
        """Preferably one in which every conjunct fails that can."""
        reduced = self.search.solver.under(given, wrong)
        together = [term for term, simple in zip(wrong, reduced, strict=True) if simple is not t.FALSE]
        if not together:
            return None
        if len(together) > 1:
            script = self.search.find([*given, *together])
            if isinstance(script, Script):
                return script
        return self.search.find([*given, t.or_(*together)])

    def _hit(self, claim: Claim, site: Site, replayed: Replay) -> Hit:
        step = self.target.step
        made = shown(step, site, claim.require.output, lambda blamed: evaluate([blamed], replayed.script.values)[0])
        return Hit(claim.require, claim.key, site, made, partial(replayed.confirm, claim.require))


def _agrees(replayed: Replay, claim: Claim) -> bool:
    """Does the interpreter show it?"""
    try:
        replayed.confirm(claim.require)
    except ReplayMismatch:
        return False
    return True
