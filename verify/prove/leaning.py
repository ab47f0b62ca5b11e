"""Which lines a proof leans on: what made the terms that its refutation needs, and what that was made of.

More lines than are needed, never fewer: what is not among them may compute anything, and nothing fails to be
refuted. Whether a call meets the premise is another question: such a proof may become vacuous.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from verify.engine.regions import CONTEXT
from verify.engine.relevance import guard_equations
from verify.engine.trace import OUTSIDE, Step, Trace, leaves
from verify.engine.traced import KIND, traced
from verify.engine.transition import Transition, function_number, named_functions
from verify.errors import InternalError
from verify.prove.target import Target, make_target
from verify.rules.rule import Part
from verify.solve.annotated import Note
from verify.solve.query import equations
from verify.terms import build as t
from verify.terms.evaluate import substitute
from verify.terms.term import Term, topological, variables

Line = tuple[str, int]
"""(file, line)"""
MOST = 8
"""Lines that a comment names."""
_WORD = re.compile(r"(?:word|is)\d+")


def in_tree(line: Line) -> bool:
    """Not so of what an environment header has, or nobody."""
    return not line[0].startswith("<")


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls that a conjunction is about: of one function number, or of all but some."""

    variable: str
    number: int | None
    others: frozenset[int]

    def may_run(self, step: Step) -> bool:
        found = guard_equations(step.guard).get(self.variable)
        return found is None or (found == self.number if self.number is not None else found not in self.others)


@dataclass(slots=True)
class _Run:
    """One traced run, as far as some calls go through it. `tags`: by identity of a term, the origins of its values."""

    trace: Trace
    calls: Calls
    fixed: Mapping[str, Term]
    known: dict[Term, Term]
    tags: dict[int, list[Term]] = field(default_factory=dict)
    decided: set[int] = field(default_factory=set)
    """Branches that the function number decides."""
    places: dict[Term, Term] = field(default_factory=dict)

    def steps(self, origins: Iterable[Term]) -> set[int]:
        """Those that made values of these origins."""
        return {number for origin in self._here(list(origins)) for number in leaves(origin)
                if number != OUTSIDE and self.calls.may_run(self.trace.steps[number])}

    def _here(self, origins: list[Term]) -> list[Term]:
        return substitute(origins, self.fixed, self.places) if self.fixed else origins

    def needed(self, first: Iterable[int]) -> set[int]:
        """With all that these steps depend on; a loop is one thing."""
        steps, found, todo = self.trace.steps, set[int](), list(first)
        while todo:
            number = todo.pop()
            if number in found or number == OUTSIDE or not self.calls.may_run(steps[number]):
                continue
            found.add(number)
            step = steps[number]
            todo += [step.parent, *step.decided, *step.after, *self.steps(step.uses)]
            for begin, end in self.trace.loops:
                todo += range(begin, end) if begin <= number < end else ()
        return found


class Leaning:
    """What the proofs about one target lean on."""

    def __init__(self, target: Target) -> None:
        """Executes the unit once more; raises InternalError if that does not make the same terms."""
        self._target = target
        self._traced = make_target(target.unit, target.binding, memory=target.shared.memory, kind=KIND)
        pairs = ((target.init, self._traced.init), (target.step, self._traced.step))
        if not all(_same(one, other) for one, other in pairs):
            raise InternalError("the traced run does not make the terms of the ordinary one")
        for transition in (self._traced.init, self._traced.step):
            traced(transition.record).is_over = True
        self._prefix = target.step.record.prefix
        self._lo = str(function_number(self._prefix).data)
        self._numbers = frozenset(
            found[self._lo] for step in traced(self._traced.step.record).steps
            if self._lo in (found := guard_equations(step.guard)))
        self._runs: dict[Calls, tuple[_Run, _Run]] = {}

    @property
    def target(self) -> Target:
        """The traced one, whose scene has origins that are steps."""
        return self._traced

    def lines(self, parts: Sequence[Term], needed: Sequence[Term], seeds: Seeds) -> frozenset[Line]:
        """Of a conjunction without a model, of which these parts are enough."""
        found: set[Line] = set()
        for calls in self._about(parts, seeds.premise):
            boot, call = self._run(calls)
            first = set(_made(call, needed))
            if not self._is_split(parts, seeds.premise):
                first |= call.steps(seeds.called) | call.decided | set(seeds.steps(call.trace))
            steps = call.needed(first)
            found |= _lines(call, steps)
            if steps or seeds.shared:
                found |= _lines(boot, boot.needed([*_made(boot, needed), *_at_boot(boot, call, steps, seeds)]))
        return frozenset(line for line in found if in_tree(line))

    def notes(self, parts: Sequence[Term], labels: Sequence[str]) -> list[Note]:
        """Of each part, the lines of the values that it speaks of itself, and where the last of these ran."""
        boot, call = self._run(self._calls(parts))
        result = []
        for part, label in zip(parts, labels, strict=True):
            steps = [(boot, number) for number in sorted(_nearest(boot, part))]
            steps += [(call, number) for number in sorted(_nearest(call, part))]
            found = dict.fromkeys(line for run, number in steps if in_tree(line := _line(run.trace.steps[number])))
            position = max((number + (run is call) * len(boot.trace.steps) for run, number in steps), default=0)
            result.append(Note(label, position, _where(list(found))))
        return result

    def reached(self) -> frozenset[Line]:
        """Lines that were executed."""
        return frozenset(_line(step) for transition in (self._traced.init, self._traced.step)
                         for step in traced(transition.record).steps)

    # -- calls -----------------------------------------------------------------------------------------------

    def _about(self, parts: Sequence[Term], premise: Sequence[Term]) -> Iterator[Calls]:
        """None where the premise denies the function number. What is plainly false no longer says which it is about:
        all that the premise admits."""
        calls = [self._calls(parts)]
        if t.FALSE in parts:
            calls = [Calls(self._lo, number, frozenset()) for number in sorted(self._numbers)]
            calls.append(Calls(self._lo, None, self._numbers))
        return (one for one in calls if self._is_admitted(one, premise))

    def _is_admitted(self, calls: Calls, premise: Sequence[Term]) -> bool:
        """(True says nothing.)"""
        if calls.number is not None:
            return t.FALSE not in substitute(list(premise), {self._lo: t.const(calls.number, 16)})
        named = named_functions(t.and_(*premise), self._prefix)
        return not calls.others or named is None or not calls.others.issuperset(named[1])

    def _is_split(self, parts: Sequence[Term], premise: Sequence[Term]) -> bool:
        """Does it say no more than that the premise names no other functions than were asked about one by one?"""
        said = {id(fact) for fact in premise}
        return t.FALSE not in parts and all(id(part) in said or set(variables([part])) <= {self._lo} for part in parts)

    def _calls(self, parts: Sequence[Term]) -> Calls:
        number = equations(parts).get(self._lo)
        others = frozenset(value for part in parts if part.op == "bnot"
                           for found, value in guard_equations(part.args[0]).items() if found == self._lo)
        return Calls(self._lo, None if number is None else number.value, others if number is None else frozenset())

    def _run(self, calls: Calls) -> tuple[_Run, _Run]:
        if calls not in self._runs:
            fixed = {} if calls.number is None else {calls.variable: t.const(calls.number, 16)}
            known = {} if calls.number is None else self._target.sliced.setdefault(calls.number, {})
            runs = [_Run(traced(transition.record), calls, fixed, known)
                    for transition in (self._traced.init, self._traced.step)]
            for run in runs:
                _tag(run)
            self._runs[calls] = (runs[0], runs[1])
        return self._runs[calls]


@dataclass(frozen=True, slots=True)
class Seeds:
    """What a result is about beyond the terms of its pieces. `called`: origins of what the call does; `addresses`:
    where anything is read or written; `shared`: what is written to statics, and locks."""

    premise: tuple[Term, ...] = ()
    """What is said of the host's x0."""
    called: tuple[Term, ...] = ()
    addresses: bool = False
    shared: bool = False

    def steps(self, trace: Trace) -> Iterator[int]:
        if self.shared:
            yield from trace.locks
            yield from (number for number, step in enumerate(trace.steps)
                        if any("#" not in name and not name.startswith("$") for name in step.writes))
        if self.addresses:
            yield from (number for step in trace.steps for origin in step.goes_to for number in leaves(origin))


def of_part(part: Part, target: Target) -> Seeds:
    """What a part of a rule speaks of, on the traced target's scene. Constructors may have folded it away."""
    words = [part.given, part.exists, part.unless, *(item.holds for item in part.then)]
    words += [item.independent for item in part.then if item.independent is not None]  # type: ignore[misc]
    origins = (output.origin for word in words for output in word.outputs)
    return Seeds(tuple(said_of_x0(part, target)), tuple(origins))


def said_of_x0(part: Part, target: Target) -> list[Term]:
    """What the premise says of the host's x0 and of nothing else."""
    x0, given = f"{target.step.record.prefix}x0.", part.given.term
    return [fact for fact in (given.args if given.op == "band" else (given,))
            if all(name.startswith(x0) for name in variables([fact]))]


def of_lemma(name: str) -> Seeds:
    return Seeds(addresses=True) if name == "memory safety" else Seeds(shared=True)


def _same(one: Transition, other: Transition) -> bool:
    """Do they say the same, whatever the origins?"""
    def said(run: Transition) -> list[Term]:
        record = run.record
        return [run.alive, run.returned, *record.relies, *(value.term for value in run.outputs),
                *(value.term for _, value in sorted(run.after.items())),
                *(term for item in record.obligations for term in (item.guard, item.holds)),
                *(item.guard for item in record.boundaries),
                *(term for event in record.smcs for term in (event.guard, *(x.term for x in event.arguments)))]

    first, second = said(one), said(other)
    return len(first) == len(second) and all(a is b for a, b in zip(first, second, strict=True))


def _line(step: Step) -> Line:
    return step.place.span.file, step.place.span.line


def _lines(run: _Run, steps: Iterable[int]) -> set[Line]:
    return {_line(run.trace.steps[number]) for number in steps}


def _at_boot(boot: _Run, call: _Run, steps: Iterable[int], seeds: Seeds) -> Iterator[int]:
    """Of the initialisation: that it succeeds, what it asks EL3, and what it left where the call looks. It cut EL2's
    buffers out of one piece of memory, so that all that it stored says where they lie."""
    trace = boot.trace
    yield from leaves(trace.returned)
    yield from trace.exits
    looked = {name for number in steps for name in call.trace.steps[number].reads}
    is_buffer = any(name.startswith("$") and name != CONTEXT for name in looked)
    for name, stores in trace.stores.items():
        yield from stores if is_buffer or seeds.shared or name in looked else ()


def _tag(run: _Run) -> None:
    """By the terms of a piece, in which the function number is put in its place."""
    terms, made = run.trace.terms, run.trace.made
    mine = [(key, [origin for origin in found.values() if any(map(run.calls.may_run, (
        run.trace.steps[number] for number in leaves(origin))))]) for key, found in made.items()]
    kept = [(key, origins) for key, origins in mine if origins]
    here = substitute([terms[key] for key, _ in kept], run.fixed, run.known) if run.fixed else [
        terms[key] for key, _ in kept]
    for term, (_, origins) in zip(here, kept, strict=True):
        if not term.is_const:
            run.tags.setdefault(id(term), []).extend(origins)
        else:
            run.decided |= {number for origin in origins for number in leaves(origin)
                            if run.trace.steps[number].is_branch and run.calls.may_run(run.trace.steps[number])}


def _made(run: _Run, terms: Sequence[Term]) -> Iterator[int]:
    """The steps that made something in the terms."""
    for node in topological(list(terms)):
        yield from _made_itself(run, node)


def _made_itself(run: _Run, node: Term) -> set[int]:
    found = run.steps(run.tags.get(id(node), ()))
    if node.op in ("var", "read"):
        name = str(node.data)
        if name in run.trace.named:
            found.add(run.trace.named[name])
        elif _WORD.fullmatch(name.rpartition(".")[2]):  # a rule looks into a message
            found.update(run.trace.exits, *run.trace.writers.values())
    return found


def _where(lines: Sequence[Line]) -> str:
    """`file:3, file:5`."""
    more = f" and {len(lines) - MOST} more" if len(lines) > MOST else ""
    return ", ".join(f"{file}:{number}" for file, number in lines[:MOST]) + more


def _nearest(run: _Run, part: Term) -> set[int]:
    """From the top down, where something was made first."""
    found, seen, todo = set[int](), set[int](), [part]
    while todo:
        node = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        here = {number for number in _made_itself(run, node) if run.calls.may_run(run.trace.steps[number])}
        found |= here
        todo += () if here else node.args
    return found
