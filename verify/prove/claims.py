"""The conjuncts of a part as terms: when does each fail, and where was the wrong value made?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from verify.engine.record import Record
from verify.prove.target import Target
from verify.prove.two_calls import INPUTS, SecondCall, second_call
from verify.rules.rule import Part, Require
from verify.rules.symbolic_scene import HAZARD, STATE_OUTPUTS
from verify.rules.words import Output, Truth, Word
from verify.terms import build as t
from verify.terms.evaluate import Memory, substitute
from verify.terms.term import Term, memories, topological, variables

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
    """The second run's names for everything that the first run must not reveal, and for what is made of it.

    `meanings`: what is read in the second run, where that is made of secrets. `plain`: terms without what is proved
    not to happen. How the initialisation went is public: conditions over nothing else are `public`.
    """

    renaming: dict[str, Term]
    memories: dict[str, Memory]
    plain: dict[int, Term]
    public: tuple[Term, ...] = ()
    disturbed: Term = t.FALSE
    """The two runs do not make the same SMCs: their answers cannot be equated."""
    meanings: tuple[Term, ...] = ()
    known: dict[int, Term] = field(default_factory=dict)

    def other(self, term: Term) -> Term:
        """The same in the second run."""
        if not self.known:
            self.known.update({id(condition): condition for condition in self.public})
        return substitute([term], self.renaming, self.known, self.memories)[0]

    def simple(self, term: Term) -> Term:
        return _simple([term], self.plain)[0]


def _simple(terms: list[Term], plain: dict[int, Term]) -> list[Term]:
    return substitute(terms, {"": t.TRUE}, plain) if plain else terms


@dataclass(frozen=True, slots=True)
class _Call:
    """What two runs of a call are compared by: its terms, what is read in it, and what its loops carry on."""

    terms: list[Term]
    meanings: dict[str, Term]
    flows: list[tuple[tuple[str, ...], list[Term]]]
    public: tuple[Term, ...]

    def everything(self) -> list[Term]:
        return [*self.terms, *self.meanings.values(), *(term for _, terms in self.flows for term in terms)]

    def tainted(self, is_secret: Callable[[str], bool]) -> set[str]:
        """Names of variables and memories that are secret or made of secrets, through memory and through loops."""
        hidden = {id(condition): t.TRUE for condition in self.public}
        made: list[tuple[tuple[str, ...], list[Term]]] = [((name,), [x]) for name, x in self.meanings.items()]
        below = [(names, _names(_simple(terms, hidden))) for names, terms in (*made, *self.flows)]
        known = _names(_simple(self.terms, hidden)).union(*(sources for _, sources in below))
        result = {name for name in known if is_secret(name)}
        while True:
            new = {name for names, sources in below if not sources.isdisjoint(result) for name in names} - result
            if not new:
                return result
            result |= new


def _names(terms: Iterable[Term]) -> set[str]:
    known = list(terms)
    return set(variables(known)) | memories(known)


def _public(terms: list[Term]) -> tuple[Term, ...]:
    """Conditions that only the initialisation decides about."""
    inner: dict[int, bool] = {}
    found = []
    for node in topological(terms):
        name = str(node.data) if node.op in ("var", "read") else ""
        inner[id(node)] = (name.startswith(("boot.", "init.", "page.")) if name
                           else all(inner[id(argument)] for argument in node.args))
        if not node.bits and node.args and inner[id(node)]:
            found.append(node)
    return tuple(found)


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
        return (static in target.unit.statics and path not in known and static != target.binding.buffers
                and path not in target.step.pointers and path in target.init.after and target.is_private(path))
    return name.startswith(("phys.", "boot."))


def secrets(target: Target, kind: str, safe: Sequence[bool] = ()) -> Secrets:
    """`kind` is stack or addresses. `safe`: of each obligation, whether it is proved; empty: of none."""
    record = target.step.record
    plain = {id(item.holds): t.TRUE for item, holds in zip(record.obligations, safe, strict=False)
             if holds and item.is_read and not item.holds.is_const}
    terms = [value.term for value in target.step.outputs]
    terms += [term for event in record.smcs for term in (event.guard, *(a.term for a in event.arguments))]
    meanings = {name: _simple([meaning], plain)[0] for name, meaning in sorted(record.exact.meanings.items())}
    flows: list[tuple[tuple[str, ...], list[Term]]] = [
        (flow.names, _simple(list(flow.terms), plain)) for flow in record.flows]
    call = _Call(_simple(terms, plain), meanings, flows, ())
    call = replace(call, public=_public(call.everything()))
    names = call.tainted(lambda name: _is_secret(name, kind, target))
    known = variables(call.everything())
    result = Secrets(
        {name: t.var(f"{name}~2", known[name].bits) for name in sorted(names) if name in known},
        {name: _second(name) for name in sorted(names) if name not in known}, plain, call.public)
    read = tuple(t.eq(result.other(known[name]), result.other(meaning)) for name, meaning in meanings.items()
                 if name in result.renaming)
    disturbed = _disturbed(record, result) if kind == "stack" else t.FALSE
    return replace(result, disturbed=disturbed, meanings=read)


def _second(name: str) -> Memory:
    return lambda offset: t.select(f"{name}~2", offset)


def _disturbed(record: Record, renamed: Secrets) -> Term:
    differences = []
    for event in record.smcs:
        terms = [renamed.simple(term) for term in (event.guard, *(argument.term for argument in event.arguments))]
        for term in terms:
            other = renamed.other(term)
            if other is not term:
                made = t.or_(terms[0], renamed.other(terms[0]))
                differences.append(t.and_(made, t.not_(t.eq(term, other))))
    return t.or_(*differences)


@dataclass(slots=True)
class Renamed:
    """Second runs that were made already, by what they differ in. `safe`: of each obligation, whether it is proved."""

    safe: Sequence[bool] = ()
    secrets: dict[str, Secrets] = field(default_factory=dict)
    calls: dict[str, SecondCall] = field(default_factory=dict)


def claims(target: Target, part: Part, known: Renamed) -> list[Claim]:
    """One for each conjunct, in order; `known` keeps the renamings that were made already."""
    return [
        _of_two_calls(target, part, require, known) if require.secrets in INPUTS
        else _claim(target, require, known) for require in part.then]


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


def _claim(target: Target, require: Require, known: Renamed) -> Claim:
    if require.independent is None:
        return Claim(require, t.not_(require.holds.term), _origin(require.holds.outputs, require.output))
    if require.secrets not in known.secrets:
        known.secrets[require.secrets] = secrets(target, require.secrets, known.safe)
    second, value = known.secrets[require.secrets], require.independent
    first = second.simple(value.term)
    differs = t.not_(t.eq(first, second.other(first)))
    fails = t.and_(t.or_(differs, second.disturbed), *second.meanings)
    return Claim(require, fails, _origin(value.outputs, require.output))


def _origin(outputs: tuple[Output, ...], name: str) -> Term:
    for output in outputs:
        if output.name == name:
            return output.origin
    return outputs[0].origin if outputs else t.const(0, 16)


def speaks_of_secrets(part: Part) -> bool:
    """Some claim compares two runs: it was made with what is proved safe at one level."""
    return any(require.independent is not None for require in part.then)


def is_about_state_only(part: Part) -> bool:
    """No conjunct speaks of more than the version and the agreement, so that paths need no end."""
    words: list[Truth | Word] = [part.given, *(require.holds for require in part.then)]
    words += [require.independent for require in part.then if require.independent is not None]
    return all(output.name in STATE_OUTPUTS for word in words for output in word.outputs)


def speaks_of_hazards(part: Part) -> bool:
    """Some conjunct is about undefined behaviour, which nothing may be assumed to be free of."""
    return any(output.name == HAZARD for require in part.then for output in require.holds.outputs)
