"""The conjuncts of a part as terms: when does each fail, and where was the wrong value made?"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from verify.engine.record import Obligation
from verify.prove.secrecy import ALIKE, Secrets, secrets
from verify.prove.target import Target
from verify.prove.two_calls import INPUTS, SecondCall, second_call
from verify.rules.rule import STACK, Part, Require
from verify.rules.symbolic_scene import HAZARD, STATE_OUTPUTS
from verify.rules.words import Output, Truth, Word
from verify.terms import build as t
from verify.terms.digest import digest
from verify.terms.term import Term

__all__ = ["HAZARD", "Claim", "claims", "is_about_state_only", "speaks_of_hazards"]
STRAY = "outside"
"""Two runs that differ in what lies there too; the kind of a site where a read leaves its object."""

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


@dataclass(slots=True)
class Renamed:
    """Second runs that were made already, by what they differ in. `safe`: of each obligation, whether it is proved."""

    safe: Sequence[bool] = ()
    secrets: dict[str, Secrets] = field(default_factory=dict)
    calls: dict[str, SecondCall] = field(default_factory=dict)


def claims(target: Target, part: Part, known: Renamed) -> list[Claim]:
    """Of the conjuncts in order; `known` keeps the renamings that were made already."""
    return [claim for require in part.then for claim in _claims(target, part, require, known)]


def _claims(target: Target, part: Part, require: Require, known: Renamed) -> Iterator[Claim]:
    if require.independent is None:
        yield Claim(require, t.not_(require.holds.term), _origin(require.holds.outputs, require.output))
    elif require.secrets in INPUTS:
        yield _of_two_calls(target, part, require, known)
    else:
        yield _of_contained_runs(target, require, require.independent, known)
        strays = _of_stray_reads(target, require, require.independent, known)
        if strays is not None:
            yield strays


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


def _of_contained_runs(target: Target, require: Require, value: Word | Truth, known: Renamed) -> Claim:
    """Of two runs in which every read stays inside its object."""
    stray = _stray(target, known)
    outside = {item.outside for item in target.step.record.obligations}
    second = _second_run(target, _kind(require), (_kind(require), outside), value.term, known)
    inside = (t.implies(item.guard, item.holds) for item in stray)
    contained = (term for fact in inside for term in (fact, second.other(fact)))
    return Claim(require, t.and_(second.differs(value.term), *contained), _origin(value.outputs, require.output))


def _of_stray_reads(target: Target, require: Require, value: Word | Truth, known: Renamed) -> Claim | None:
    """A read leaves its object in one of the runs, and the host sees what it finds there. The read is to blame."""
    stray = _stray(target, known)
    if not stray or require.secrets != STACK:
        return None
    record = target.step.record
    never = {item.outside for item in record.obligations} - {item.outside for item in stray}
    second = _second_run(target, f"{STRAY}, {_kind(require)}", (_kind(require), never), value.term, known)
    origins = {load.name: load.origin for load in record.outsides}
    blamed = _origin(value.outputs, require.output)
    leaves = []
    for item in reversed(stray):
        leaves.append(t.and_(item.guard, t.not_(item.holds)))
        blamed = t.ite(leaves[-1], origins[item.outside], blamed)
    return Claim(require, t.and_(second.differs(value.term), t.or_(*leaves)), blamed)


def _kind(require: Require) -> str:
    return ALIKE if require.alike else require.secrets


def _second_run(
    target: Target, name: str, differing: tuple[str, Container[str]], value: Term, known: Renamed
) -> Secrets:
    """Of what the host and EL3 are told; of the value, too, where it rests on what these do not depend on.

    `differing`: (kind of secrets, names that are none).
    """
    if name not in known.secrets:
        known.secrets[name] = secrets(target, *differing)
    meant = target.step.record.exact.meant([value])
    if known.secrets[name].covers(value, meant):
        return known.secrets[name]
    key = f"{name}\0{digest(value)}"
    if key not in known.secrets:
        known.secrets[key] = secrets(target, *differing, value)
    return known.secrets[key]


def _stray(target: Target, known: Renamed) -> list[Obligation]:
    """Reads that are not proved to stay inside their object."""
    obligations = target.step.record.obligations
    safe = known.safe or [False] * len(obligations)
    return [item for item, is_proved in zip(obligations, safe, strict=True) if item.is_read and not is_proved]


def _origin(outputs: tuple[Output, ...], name: str) -> Term:
    for output in outputs:
        if output.name == name:
            return output.origin
    return outputs[0].origin if outputs else t.const(0, 16)


def speaks_of_secrets(part: Part) -> bool:
    """Some claim compares two runs: it was made with what is proved safe at one level."""
    return any(require.independent is not None for require in part.then)


def is_about_state_only(part: Part) -> bool:
    """No conjunct speaks of more than the version and the agreement, so that paths need no end.

    One without an output is about events of which none was seen: there may be some where a path is not followed.
    """
    words: list[Truth | Word] = [part.given, *(require.holds for require in part.then)]
    words += [require.independent for require in part.then if require.independent is not None]
    return (bool(part.then) and all(_outputs(require) for require in part.then)
            and all(output.name in STATE_OUTPUTS for word in words for output in word.outputs))


def _outputs(require: Require) -> tuple[Output, ...]:
    return require.holds.outputs + (require.independent.outputs if require.independent is not None else ())


def speaks_of_hazards(part: Part) -> bool:
    """Some conjunct is about undefined behaviour, which nothing may be assumed to be free of."""
    return any(output.name == HAZARD for require in part.then for output in require.holds.outputs)
