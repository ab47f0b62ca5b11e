"""The conjuncts of a part as terms: when does each fail, and where was the wrong value made?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from verify.engine.record import Record
from verify.prove.target import Target
from verify.prove.two_calls import INPUTS, SecondCall, second_call
from verify.rules.rule import Part, Require
from verify.rules.symbolic_scene import HAZARD, STATE_OUTPUTS
from verify.rules.words import Output, Truth, Word
from verify.terms import build as t
from verify.terms.evaluate import substitute
from verify.terms.term import Term, variables

__all__ = ["HAZARD", "Claim", "Secrets", "claims", "is_about_state_only", "speaks_of_hazards"]
OTHER_CPU = re.compile(r"c\.other\.(.+)\?\d+")
"""What another CPU left in a static, by path."""


Key = tuple[str, str]
"""A conjunct by its text and output: the same in every transition of a unit."""


@dataclass(frozen=True, slots=True)
class Claim:
    """`fails`: the conjunct does not hold. `origin`: the site of the value that is wrong."""

    require: Require
    fails: Term
    origin: Term
    alone: Term = t.TRUE
    """Of two calls: no other CPU interferes with the second one."""
    is_exact: bool = True
    """Of two calls: nothing that was read or left open decides about the value."""

    @property
    def key(self) -> Key:
        return (self.require.text, self.require.output)


@dataclass(frozen=True, slots=True)
class Secrets:
    """The second run's names for everything that the first run must not reveal."""

    renaming: dict[str, Term]
    disturbed: Term
    """The two runs do not make the same SMCs: their answers cannot be equated."""
    known: dict[int, Term] = field(default_factory=dict)

    def other(self, term: Term) -> Term:
        return substitute([term], self.renaming, self.known)[0]


def _is_secret(name: str, kind: str, target: Target) -> bool:
    if kind == "stack":
        return "!" in name
    found = OTHER_CPU.fullmatch(name)
    if found is not None:
        return found[1] in target.shared.others
    prefix = f"{target.step.record.prefix}s."
    if name.startswith(prefix):
        path = name.removeprefix(prefix)
        known = (target.binding.version, target.binding.negotiated)
        static = path.partition(".")[0]
        return (path not in known and static != target.binding.buffers and path not in target.step.pointers
                and target.is_private(path))
    return name.startswith(("phys.", "boot."))


def secrets(target: Target, kind: str) -> Secrets:
    """`kind` is stack or addresses."""
    record = target.step.record
    everything = [value.term for value in target.step.outputs]
    everything += [term for event in record.smcs for term in (event.guard, *(a.term for a in event.arguments))]
    renaming = {
        name: t.var(f"{name}~2", variable.bits)
        for name, variable in variables(everything).items() if _is_secret(name, kind, target)
    }
    result = Secrets(renaming, t.FALSE)
    if kind != "stack":
        return result
    return Secrets(renaming, _disturbed(record, result), result.known)


def _disturbed(record: Record, renamed: Secrets) -> Term:
    differences = []
    for event in record.smcs:
        terms = [event.guard, *(argument.term for argument in event.arguments)]
        for term in terms:
            other = renamed.other(term)
            if other is not term:
                differences.append(t.and_(t.or_(event.guard, renamed.other(event.guard)), t.not_(t.eq(term, other))))
    return t.or_(*differences)


@dataclass(slots=True)
class Renamed:
    """Second runs that were made already, by what they differ in."""

    secrets: dict[str, Secrets] = field(default_factory=dict)
    calls: dict[str, SecondCall] = field(default_factory=dict)


def claims(target: Target, part: Part, known: Renamed) -> list[Claim]:
    """One for each conjunct, in order; `known` keeps the renamings that were made already."""
    return [
        _of_two_calls(target, part, require, known) if require.secrets in INPUTS
        else _claim(target, require, known.secrets) for require in part.then]


def alone(conjuncts: Iterable[Claim]) -> list[Term]:
    """Nothing else runs beside the second of two calls."""
    return list(dict.fromkeys(claim.alone for claim in conjuncts if claim.alone is not t.TRUE))


def _of_two_calls(target: Target, part: Part, require: Require, known: Renamed) -> Claim:
    assert require.independent is not None
    if require.secrets not in known.calls:
        known.calls[require.secrets] = second_call(target, require.secrets)
    second, value = known.calls[require.secrets], require.independent
    given = [part.given.term, t.not_(target.scene("STRICT").undispatched.term)]
    fails = second.differs(value.term, given, require.output.startswith("smc"))
    return Claim(require, fails, _origin(value.outputs, require.output), second.alone, second.is_exact(value.term))


def _claim(target: Target, require: Require, known: dict[str, Secrets]) -> Claim:
    if require.independent is None:
        return Claim(require, t.not_(require.holds.term), _origin(require.holds.outputs, require.output))
    if require.secrets not in known:
        known[require.secrets] = secrets(target, require.secrets)
    value = require.independent
    other = known[require.secrets].other(value.term)
    fails = t.FALSE if other is value.term else t.not_(t.eq(value.term, other))
    if require.secrets == "stack":
        fails = t.or_(fails, known["stack"].disturbed)
    return Claim(require, fails, _origin(value.outputs, require.output))


def _origin(outputs: tuple[Output, ...], name: str) -> Term:
    for output in outputs:
        if output.name == name:
            return output.origin
    return outputs[0].origin if outputs else t.const(0, 16)


def is_about_state_only(part: Part) -> bool:
    """No conjunct speaks of more than the version and the agreement, so that paths need no end."""
    words: list[Truth | Word] = [part.given, *(require.holds for require in part.then)]
    words += [require.independent for require in part.then if require.independent is not None]
    return all(output.name in STATE_OUTPUTS for word in words for output in word.outputs)


def speaks_of_hazards(part: Part) -> bool:
    """Some conjunct is about undefined behaviour, which nothing may be assumed to be free of."""
    return any(output.name == HAZARD for require in part.then for output in require.holds.outputs)
