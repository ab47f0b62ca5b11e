"""Sequences of calls from reset that end in what is looked for, and their numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from verify.engine.record import SmcEvent
from verify.engine.transition import Transition
from verify.interpret.events import is_ffa
from verify.interpret.session import HostWrites
from verify.prove.starts import SMCCC_1_2
from verify.prove.target import FFA_VERSION, Target, link, link_contents, quiet_and_safe, started
from verify.prove.trust import ERROR, SUCCESS, axioms
from verify.solve.query import Answer, Satisfied, Solver, Undecided
from verify.terms import build as t
from verify.terms.compiled import compile_conjunction
from verify.terms.evaluate import Memory, evaluate, substitute
from verify.terms.support import support
from verify.terms.term import Term, variables

MAX_HISTORY = 2
"""Calls before the one that is judged; negotiation needs one."""
PLAINER: tuple[Callable[[int], int], ...] = (
    lambda value: 0, lambda value: value & 0xFFFFFFFF, lambda value: min(value, 1), lambda value: value & -value,
)
"""Simpler values, tried in this order."""
ANSWERED = re.compile(r"smc\d+\.q0$")
"""A variable that is x0 of EL3's answer."""
USUAL = (SUCCESS, ERROR)
"""What an answer to a call says there: what a reader expects to see, rather than any function's number."""


@dataclass(frozen=True, slots=True)
class Script:
    """Numbers for the interpreter: boot values, page size, calls, EL3's answers in order.

    `other` are the secrets of a second run of the last call, by variable, without the mark of the second run.
    `host`: what the host writes to its memory, call by call; `left`: what EL3 leaves in EL2's RX buffer, by answer;
    `pages`: states that pages have at first; `results` of the last call's page-table functions, in order; `page` and
    `index`: the followed ones. `outside`: loads of the last call that may leave their object, as (name of the bytes,
    offset, size).
    """

    page_shift: int
    boot: tuple[tuple[str, int], ...]
    physical: tuple[tuple[str, int], ...]
    other: tuple[tuple[str, int], ...]
    calls: tuple[tuple[int, ...], ...]
    answers: tuple[tuple[int, ...], ...]
    values: Mapping[str, int]
    host: tuple[HostWrites, ...] = ()
    left: Mapping[int, Mapping[int, int]] = field(default_factory=dict)
    pages: tuple[tuple[int, int], ...] = ()
    results: tuple[int, ...] = ()
    page: int = 0
    index: int = 0
    outside: tuple[tuple[str, int, int | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Chain:
    """Calls one after the other. `definitions`: the statics that each starts with, over inputs and answers alone."""

    steps: tuple[Transition, ...]
    definitions: dict[str, Term] = field(default_factory=dict)
    conditions: list[Term] = field(default_factory=list)
    known: dict[Term, Term] = field(default_factory=dict)
    memories: dict[str, Memory] = field(default_factory=dict)

    def linked(self, terms: list[Term]) -> list[Term]:
        return substitute(terms, self.definitions, self.known, self.memories)

    def link_memories(self, found: Mapping[str, Memory]) -> None:
        """What a step's buffers hold at first, over inputs and answers alone."""
        for name, memory in found.items():
            self.memories[name] = partial(self._byte, memory)

    def _byte(self, memory: Memory, offset: Term) -> Term:
        return substitute([memory(offset)], self.definitions, None, self.memories)[0]

    def complete(self, values: Mapping[str, int]) -> dict[str, int]:
        """With the statics' values."""
        made = evaluate(list(self.definitions.values()), values)
        return {**values, **dict(zip(self.definitions, made, strict=True))}


@dataclass(frozen=True, slots=True)
class Search:
    """Looks for a sequence of at most MAX_HISTORY + 1 calls, the shortest first."""

    target: Target
    level: str
    solver: Solver
    pages: tuple[Term, ...] = ()
    chains: dict[int, Chain] = field(default_factory=dict)

    def find(self, wanted: Sequence[Term], readable: bool = True) -> Script | Undecided | None:
        """None: no such sequence of this length. `readable` costs time: plain numbers wherever they do."""
        for length in range(MAX_HISTORY + 1):
            if length == 0 and self._excluded_at_boot(wanted):
                continue
            chain = self._chain(length)
            last = [*quiet_and_safe(self.target.step), *wanted]
            meanings = self.target.step.record.exact.definitions([*last, *self.target.step.record.relies])
            conditions = [*chain.conditions, *chain.linked([*last, *meanings])]
            answer: Answer = self.solver.find(conditions)
            if isinstance(answer, Undecided):
                return answer
            if isinstance(answer, Satisfied):
                return self._script(chain, self._nicer(chain, conditions, answer.values, readable))
        return None

    def _nicer(
        self, chain: Chain, conditions: Sequence[Term], values: Mapping[str, int], readable: bool
    ) -> Mapping[str, int]:
        """Another model, of calls that a driver would make, where there is one."""
        goal = [*conditions, *chain.linked([*self._usual_boot(), *map(self._usual, chain.steps[:-1])])]
        usual = self.solver.find(goal)
        if isinstance(usual, Satisfied):
            values = usual.values
        else:
            goal = list(conditions)
        return make_readable(goal, values) if readable else values

    def _excluded_at_boot(self, wanted: Sequence[Term]) -> bool:
        """Simplification alone shows that the first call after boot cannot do it."""
        init, step = self.target.init, self.target.step
        start = {
            f"{step.record.prefix}s.{path}": init.after[path].term
            for path in (self.target.binding.version, self.target.binding.negotiated)
        }
        return any(term is t.FALSE for term in substitute(list(wanted), start))

    def _usual_boot(self) -> list[Term]:
        """Initialisation asks EL3, which has the version that EL2 offers and today's SMCCC; only a preference."""
        wanted = t.const(self.target.max_version, 64)
        smccc = [t.eq(t.var(f"boot.{name}.{member.path}", member.bits), t.const(SMCCC_1_2, member.bits))
                 for name, item in sorted(self.target.unit.statics.items()) for member in item.fields
                 if item.is_external and member.path == "smccc_version"]
        asked = (t.and_(event.guard, t.eq(event.results[0].term, wanted)) for event in self.target.init.record.smcs)
        return [*asked, *smccc]

    def _usual(self, step: Transition) -> Term:
        """An FFA_VERSION that a driver would make, and an SPMC that goes along; only a preference."""
        low = t.extract(step.inputs[1], 31, 0)
        versions = (t.eq(low, t.const(0x10000 | minor, 32)) for minor in range((self.target.max_version & 0xFFFF) + 1))
        own = t.const(self.target.max_version, 64)
        agreed = (
            t.implies(t.and_(event.guard, t.eq(event.arguments[0].term, t.const(FFA_VERSION, 64))),
                      t.eq(event.results[0].term, own))
            for event in step.record.smcs)
        return t.and_(t.eq(step.inputs[0], t.const(FFA_VERSION, 64)), t.or_(*versions), *agreed)

    def _chain(self, length: int) -> Chain:
        if length not in self.chains:
            self.chains[length] = self._make_chain(length)
        return self.chains[length]

    def _make_chain(self, length: int) -> Chain:
        steps = [self.target.history(number) for number in range(length, 0, -1)] + [self.target.step]
        chain = Chain(tuple(steps))
        conditions = [*self.pages, *started(self.target), *axioms(self.target.init.record, self.level)]
        earlier = self.target.init
        for step in steps:
            linked = link(self.target, step, earlier)
            chain.definitions.update(zip(linked, chain.linked(list(linked.values())), strict=True))
            chain.link_memories(link_contents(step, earlier))
            chain.known.clear()
            conditions += [*step.record.relies, *axioms(step.record, self.level)]
            if step is not steps[-1]:
                here = [*quiet_and_safe(step), *step.record.relies]
                conditions += [*quiet_and_safe(step), *step.record.exact.definitions(here)]
            earlier = step
        chain.conditions.extend(chain.linked(conditions))
        return chain

    def _script(self, chain: Chain, found: Mapping[str, int]) -> Script:
        steps, values = chain.steps, chain.complete(found)
        answers: list[tuple[int, ...]] = []
        for step in (self.target.init, *steps):
            answers += _answers(step.record.smcs, values)
        calls = tuple(tuple(evaluate(list(step.inputs), values)) for step in steps)
        shift = 16 if values.get("page.64K") else 14 if values.get("page.16K") else 12
        first = {name: value for name, value in values.items() if "~" not in name}
        named = {
            prefix: tuple(sorted((k.removeprefix(prefix), v) for k, v in first.items() if k.startswith(prefix)))
            for prefix in ("boot.", "phys.")
        }
        other = tuple(sorted((k[:-2], v) for k, v in values.items() if k.endswith("~2")))
        return Script(shift, named["boot."], named["phys."], other, calls, tuple(answers), values)


def _answers(events: Sequence[SmcEvent], values: Mapping[str, int]) -> list[tuple[int, ...]]:
    made = evaluate([event.guard for event in events], values) if events else []
    return [
        tuple(evaluate([result.term for result in event.results], values))
        for event, happens in zip(events, made, strict=True) if happens
    ]


def make_readable(conditions: Sequence[Term], values: Mapping[str, int]) -> dict[str, int]:
    """The model with as many variables as possible at 0 (or another plain value): a person has to read it."""
    roots = [condition for condition in conditions if not condition.is_const]
    needed = support(roots, values)
    result = {name: value if name in needed else 0 for name, value in values.items()}
    holds = compile_conjunction([root for root in _without(roots, result, needed) if not root.is_const])

    def accepts(changes: Mapping[str, int]) -> bool:
        trial = {**result, **changes}
        if holds(trial):
            result.update(changes)
            return True
        return False

    def simplify(names: list[str], plain: Callable[[int], int]) -> None:
        """As many of them at once as the conditions allow: halves of what does not work together."""
        changes = {name: plain(result[name]) for name in names if plain(result[name]) != result[name]}
        if not changes or accepts(changes) or len(changes) == 1:
            return
        left = list(changes)
        middle = len(left) // 2
        simplify(left[:middle], plain)
        simplify(left[middle:], plain)

    names = sorted(needed & result.keys(), key=_importance)
    for plain in PLAINER:
        simplify(names, plain)
    for name in filter(ANSWERED.search, names):
        if is_ffa(result[name]) and result[name] not in USUAL:
            any(accepts({name: value}) for value in USUAL)
    return result


def _without(roots: list[Term], values: Mapping[str, int], needed: Container[str]) -> list[Term]:
    """The roots with the numbers of variables that nothing rests on in their place."""
    fixed = {name: t.const(values.get(name, 0), node.bits) for name, node in variables(roots).items()
             if name not in needed}
    return substitute(roots, fixed)


def _importance(name: str) -> tuple[bool, str]:
    """Secrets keep their value; EL3's answers are simplified before the host's registers."""
    return (".x" in name, name)
