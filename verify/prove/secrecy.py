"""Two runs of one call that differ in what the host must not see, and in whatever is made of that.

Both get the same registers, the same answers of EL3 and the same memory of the host.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field, replace

from verify.engine.record import Record
from verify.engine.writes import holds_truth
from verify.prove.target import Target
from verify.rules.rule import STACK
from verify.terms import build as t
from verify.terms.evaluate import Memory, assume, substitute
from verify.terms.term import Term, memories, topological, variables

OTHER_CPU = re.compile(r"c\.other\.(.+)\?\d+")
"""What another CPU left in a static, by path."""
ALIKE = "stack, where both runs send the same"
"""Another kind of secrets."""
SECOND = "~2"
"""Ends the second run's names."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """The second run's names for everything that the first run must not reveal, and for what is made of it.

    `meanings`: what is read in the second run, where that is made of secrets. How the initialisation went is public:
    conditions over nothing else are `public`. `words`: names of what is read, all that was looked at; `names`: of all
    variables and memories.
    """

    renaming: dict[str, Term]
    memories: dict[str, Memory]
    public: tuple[Term, ...] = ()
    disturbed: Term = t.FALSE
    """The two runs do not make the same SMCs: their answers cannot be equated."""
    ignored: bool = False
    """Runs that differ in that are not compared."""
    meanings: tuple[Term, ...] = ()
    words: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    known: dict[Term, Term] = field(default_factory=dict)

    def differs(self, value: Term) -> Term:
        """The value is another one in the second run, as far as the runs can be compared."""
        other = t.not_(t.eq(value, self.other(value)))
        seen = t.and_(other, t.not_(self.disturbed)) if self.ignored else t.or_(other, self.disturbed)
        return t.and_(seen, *self.meanings)

    def covers(self, value: Term, meant: Iterable[str]) -> bool:
        """Was all looked at that the value rests on? `meant`: the words among that."""
        return self.words.issuperset(meant) and self.names.issuperset(_names([value]))

    def other(self, term: Term) -> Term:
        """The same in the second run."""
        if not self.known:
            self.known.update({condition: condition for condition in self.public})
        return substitute([term], self.renaming, self.known, self.memories)[0]


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
        hidden = dict.fromkeys(self.public, t.TRUE)
        made: list[tuple[tuple[str, ...], list[Term]]] = [((name,), [x]) for name, x in self.meanings.items()]
        below = [(names, _names(assume(terms, hidden))) for names, terms in (*made, *self.flows)]
        known = _names(assume(self.terms, hidden)).union(*(sources for _, sources in below))
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
    if kind in (STACK, ALIKE):
        return "!" in name
    prefix, found = f"{target.step.record.prefix}s.", OTHER_CPU.fullmatch(name)
    if found is None and not name.startswith(prefix):
        return name.startswith(("phys.", "boot."))
    return _is_unrelated(found[1] if found is not None else name.removeprefix(prefix), target)


def _is_unrelated(path: str, target: Target) -> bool:
    """A static that is EL2's own business: neither FF-A state nor a flag that calls set."""
    static, known = path.partition(".")[0], (target.binding.version, target.binding.negotiated)
    if static not in target.unit.statics or path in known or static == target.binding.buffers:
        return False
    is_flag = path in (*target.shared.lock_of, *target.shared.others) and holds_truth(target.unit, static)
    return (not is_flag and path not in target.step.pointers and path in target.init.after
            and target.is_private(path))


def secrets(target: Target, kind: str, never: Container[str] = (), value: Term = t.TRUE) -> Secrets:
    """`kind` is STACK, ALIKE or ADDRESSES. `never`: names of bytes that neither run sees, no secrets therefore.

    `value`: what is compared, besides what the host and EL3 are told.
    """
    record = target.step.record
    terms = [value, *(output.term for output in target.step.outputs)]
    terms += [term for event in record.smcs for term in (event.guard, *(a.term for a in event.arguments))]
    flows: list[tuple[tuple[str, ...], list[Term]]] = [(flow.names, list(flow.terms)) for flow in record.flows]
    meanings = record.exact.meant([*terms, *(term for _, below in flows for term in below)])
    meanings = dict(sorted(meanings.items()))
    call = _Call(terms, meanings, flows, ())
    call = replace(call, public=_public(call.everything()))
    names = call.tainted(lambda name: name not in never and _is_secret(name, kind, target))
    known = variables(call.everything())
    looked = known.keys() | memories(call.everything())
    result = Secrets(
        {name: t.var(name + SECOND, known[name].bits) for name in sorted(names) if name in known},
        {name: _second(name) for name in sorted(names) if name not in known}, call.public)
    read = tuple(t.eq(result.other(known[name]), result.other(meaning)) for name, meaning in meanings.items()
                 if name in result.renaming)
    disturbed = _disturbed(record, result) if kind in (STACK, ALIKE) else t.FALSE
    return replace(result, disturbed=disturbed, ignored=kind == ALIKE, meanings=read, words=frozenset(meanings),
                   names=frozenset(looked))


def _second(name: str) -> Memory:
    return lambda offset: t.select(name + SECOND, offset)


def _disturbed(record: Record, renamed: Secrets) -> Term:
    differences = []
    for event in record.smcs:
        for term in (event.guard, *(argument.term for argument in event.arguments)):
            other = renamed.other(term)
            if other is not term:
                made = t.or_(event.guard, renamed.other(event.guard))
                differences.append(t.and_(made, t.not_(t.eq(term, other))))
    return t.or_(*differences)
