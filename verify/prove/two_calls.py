"""Two calls of the host that differ only in bits that must not matter: what the second one does.

Both meet the same state, the same interference of other CPUs and the same answers of EL3. That answers are the same is
only right where EL3 is asked the same: `apart` says where it is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from verify.engine.record import SmcEvent
from verify.prove.target import HARMLESS, Target
from verify.rules.rule import IDENTIFIER, UPPERS
from verify.terms import build as t
from verify.terms.evaluate import evaluate, substitute
from verify.terms.term import Term, topological

INPUTS = (IDENTIFIER, UPPERS)
ARGUMENTS, BEYOND = range(1, 8), range(8, 18)
GIVEN = re.compile(
    r"(c\.(x\d+(\.\w+)?|s\.[^?]*|smc\d+\.q\d+|other\..*|u\..*)|(phys|boot|init|page|spmc|ghost)\..*)(~2)?")
"""Variables that do not stand for something that the call itself computed."""


@dataclass(frozen=True, slots=True)
class SecondCall:
    """`ends`: it does so, safely, and other CPUs keep to their rely. `alone`: no other CPU interferes."""

    target: Target
    renaming: dict[str, Term]
    known: dict[Term, Term] = field(default_factory=dict)
    exact: dict[int, bool] = field(default_factory=dict)
    """By the identity of a value; 0: of all that EL3 is asked."""
    _made: dict[str, Term] = field(default_factory=dict)

    def other(self, term: Term) -> Term:
        return substitute([term], self.renaming, self.known)[0]

    @property
    def ends(self) -> Term:
        if "ends" not in self._made:
            self._made["ends"] = self._ends()
        return self._made["ends"]

    def _ends(self) -> Term:
        step = self.target.step
        safe = (t.or_(t.not_(o.guard), o.holds) for o in step.record.obligations if o.kind not in HARMLESS)
        return self.other(t.and_(step.alive, *safe, *step.record.relies))

    @property
    def alone(self) -> Term:
        return self.other(t.and_(*self.target.step.record.quiet))

    @property
    def apart(self) -> Term:
        """The two do not ask EL3 the same."""
        if "apart" not in self._made:
            smcs = (event for event in self.target.step.record.smcs if not event.is_forward)
            self._made["apart"] = t.or_(*(self._differs(event) for event in smcs))
        return self._made["apart"]

    def _differs(self, event: SmcEvent) -> Term:
        made = t.and_(event.guard, self.other(event.guard))
        parameters = (t.not_(t.eq(word, self.other(word))) for word in seen(event))
        return t.or_(t.not_(t.eq(event.guard, self.other(event.guard))), t.and_(made, t.or_(*parameters)))

    def differs(self, value: Term, given: Sequence[Term], is_smc: bool) -> Term:
        """The value is another one in the second call, although it meets the premise as well."""
        other = self.other(value)
        if other is value:
            return t.FALSE
        same = t.TRUE if is_smc else t.not_(self.apart)
        return t.and_(t.not_(t.eq(value, other)), *(self.other(term) for term in given), self.ends, same)

    def is_exact(self, value: Term) -> bool:
        """Everything that decides about the value is named: nothing was read from memory or left open by a loop."""
        if not self.exact:
            smcs = [event for event in self.target.step.record.smcs if not event.is_forward]
            self.exact[0] = _names_all(term for event in smcs for term in (event.guard, *seen(event)))
        if id(value) not in self.exact:
            self.exact[id(value)] = _names_all([value])
        return self.exact[0] and self.exact[id(value)]

    def answers(self, values: Mapping[str, int]) -> list[tuple[int, ...]]:
        """EL3's answers to the second call."""
        smcs = self.target.step.record.smcs
        made = evaluate([self.other(event.guard) for event in smcs], values) if smcs else []
        return [tuple(evaluate([result.term for result in event.results], values))
                for event, happens in zip(smcs, made, strict=True) if happens]


def _names_all(terms: Iterable[Term]) -> bool:
    """No term stands for something that was read, or left open."""
    return all(GIVEN.fullmatch(str(node.data)) for node in topological(list(terms)) if node.op in ("var", "read"))


def seen(event: SmcEvent) -> list[Term]:
    """What EL3 looks at: the function without the SVE hint, w1–w7 of an SMC32, x1–x17 of an SMC64."""
    words = [argument.term for argument in event.arguments]
    is_wide = t.eq(t.extract(words[0], 30, 30), t.const(1, 1))
    function = t.binary("and", t.extract(words[0], 31, 0), t.const(0xFFFEFFFF, 32))
    low = [t.extract(word, 31, 0) for word in words[1:8]]
    high = [t.ite(is_wide, t.extract(word, 63, 32), t.const(0, 32)) for word in words[1:8]]
    beyond = [t.ite(is_wide, word, t.const(0, 64)) for word in words[8:]]
    return [function, *low, *high, *beyond]


def second_call(target: Target, kind: str) -> SecondCall:
    """`kind`: IDENTIFIER (bits 63:32 of x0 and the SVE hint) or UPPERS (bits 63:32 of x1–x7, and x8–x17)."""
    prefix = target.step.record.prefix
    if kind == IDENTIFIER:
        return SecondCall(target, {
            f"{prefix}x0.up": t.var(f"{prefix}x0.up~2", 32), f"{prefix}x0.hint": t.var(f"{prefix}x0.hint~2", 1)})
    renaming = {
        f"{prefix}x{k}": t.concat(t.var(f"{prefix}x{k}.up~2", 32), t.extract(t.var(f"{prefix}x{k}", 64), 31, 0))
        for k in ARGUMENTS}
    renaming.update({f"{prefix}x{k}": t.var(f"{prefix}x{k}~2", 64) for k in BEYOND})
    return SecondCall(target, renaming)


def registers(first: Sequence[int], other: Sequence[tuple[str, int]], prefix: str) -> tuple[int, ...]:
    """The host's registers of the second call; `other`: its own variables, without their mark."""
    result = list(first)
    for name, value in other:
        found = re.fullmatch(re.escape(prefix) + r"x(\d+)(?:\.(up|hint))?", name)
        if found is None:
            continue
        k = int(found[1])
        match found[2]:
            case "up":
                result[k] = value << 32 | result[k] & 0xFFFFFFFF
            case "hint":
                result[k] = result[k] & ~0x10000 | value << 16
            case _:
                result[k] = value
    return tuple(result)
