"""Questions to Z3. Those of one solver share a context: an answer depends on its earlier questions and on no others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import z3

from verify.errors import InternalError
from verify.solve import interrupt
from verify.solve.reads import NamedReads, name_reads
from verify.solve.simplify import Simplified, simplify
from verify.solve.smtlib import anonymous, script
from verify.terms import build as t
from verify.terms.evaluate import cell, evaluate, holds, substitute
from verify.terms.term import Term, variables

ROUNDS = 2
LOOKS = 3
"""Models that a coarse question is settled with."""
QUICK, MODEST = 10, 2
"""The part of the limit that a first look gets, and one that need not find anything."""
RLIMIT = 40_000_000
"""Z3's resource units for one query; the largest of the shipped rules (FFA-MEM-08) needs most of it."""


@dataclass(frozen=True, slots=True)
class Satisfied:
    """Values of the query's variables, by name; 0 and 1 for truth values."""

    values: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Unsatisfiable:
    pass


@dataclass(frozen=True, slots=True)
class Undecided:
    reason: str


Answer = Satisfied | Unsatisfiable | Undecided


@dataclass(slots=True)
class Cost:
    """What the queries of one rule took."""

    queries: int = 0
    rlimit: int = 0
    by_hand: int = 0
    """Questions that simplification alone decided."""


@dataclass(slots=True)
class Solver:
    """`limit` is in Z3's resource units per query. Simplified terms are kept for queries with the same equations."""

    limit: int = RLIMIT
    cost: Cost = field(default_factory=Cost)
    _context: z3.Context = field(default_factory=z3.Context)
    _known: dict[tuple[tuple[str, int], ...], dict[int, Term]] = field(default_factory=dict)
    _answers: dict[str, Answer] = field(default_factory=dict)
    """Of goals without their names, by the solver's names."""
    _tried: dict[tuple[str, Sequence[str]], int] = field(default_factory=dict)
    """The limit that such a goal was not decided with, in one way."""
    _given_up: dict[str, str] = field(default_factory=dict)
    """Why it was not."""
    _plausible: dict[str, Answer] = field(default_factory=dict)
    _spent: int = 0
    """Z3 counts all of a context together."""

    def ask(self, terms: Sequence[Term], once: bool = False, share: int = 1) -> Answer:
        """Is the conjunction satisfiable? `once`: asked in one way only. `share`: with this part of the limit."""
        return self._ask(terms, _GUIDED, None if once else _BLASTED, share)

    def refute(self, terms: Sequence[Term], share: int = 1) -> Answer:
        """The same question, where no is expected. `share`: with this part of the limit, and in one way only."""
        return self._ask(terms, _BLASTED, _GUIDED if share == 1 else None, share)

    def _ask(
        self, terms: Sequence[Term], first: Sequence[str], second: Sequence[str] | None, share: int = 1
    ) -> Answer:
        fixed, parts = self._propagate(_conjuncts(terms))
        simple = simplify(parts)
        ways = [(first, self.limit // share), *([(second, self.limit)] if second else [])]
        return self._complete(self._decided(t.and_(*simple.parts), ways), fixed, simple)

    def _decided(self, goal: Term, ways: Sequence[tuple[Sequence[str], int]]) -> Answer:
        """In one way after the other, each with its limit. Goals that differ in names alone have one answer."""
        if goal.is_const:
            return self._trivial(goal)
        called = anonymous([goal])
        text = script(_conjuncts([goal]), called)
        answer = self._answers.get(text)
        for tactics, limit in ways:
            if answer is None and limit > self._tried.get((text, tactics), -1):
                answer = self._once(text, goal, called, tactics, limit)
        answer = answer or Undecided(self._given_up[text])
        return _in_names(answer, {new: old for old, new in called.items()})

    def _once(
        self, text: str, goal: Term, called: Mapping[str, str], tactics: Sequence[str], limit: int
    ) -> Answer | None:
        """The answer by the solver's names, which is kept; None where it is not found with so much effort."""
        answer = self._check(goal, tactics, called, limit)
        if isinstance(answer, Undecided):
            self._tried[text, tactics], self._given_up[text] = limit, answer.reason
            return None
        self._answers[text] = _in_names(answer, called)
        return self._answers[text]

    @staticmethod
    def _complete(answer: Answer, fixed: Mapping[str, Term], simple: Simplified) -> Answer:
        """The model with the variables that were taken out of the question."""
        if not isinstance(answer, Satisfied):
            return answer
        chosen = {name: value.value for name, value in fixed.items()}
        return Satisfied(dict(sorted({**simple.restored(answer.values), **chosen}.items())))

    def implied(self, given: Sequence[Term], claims: Sequence[Term], cases: Sequence[Term] = ()) -> list[bool]:
        """Which of the claims follow? Undecided ones count as no, after a look at each of the cases for itself."""
        fixed, parts = self._propagate(_conjuncts(given))
        parts, known = _assumed(parts, self._replace(list(claims), fixed))
        goal = t.and_(*parts)
        left = [k for k, claim in enumerate(known) if claim is not t.TRUE and goal is not t.FALSE]
        self.cost.by_hand += len(claims) - len(left)
        failed: set[int] = set()
        groups = [left] if left else []
        while groups:
            group = groups.pop()
            wrong = t.and_(goal, t.not_(t.and_(*(known[k] for k in group))))
            match self._decided(wrong, ((_BLASTED, self.limit), (_GUIDED, self.limit))):
                case Satisfied(values=values):
                    here = evaluate([known[k] for k in group], values)
                    rest = [k for k, holds in zip(group, here, strict=True) if holds]
                    failed.update(set(group) - set(rest))
                    groups += [rest] if rest else []
                case Undecided() if len(group) > 1:
                    groups += [[k] for k in group]
                case Undecided():
                    (k,) = group
                    if not cases or not all(self.implied([goal, case], [known[k]])[0] for case in cases):
                        failed.add(k)
        return [k not in failed for k in range(len(claims))]

    def plausible(self, terms: Sequence[Term]) -> Answer:
        """The same question, a little coarser: a model may give the same byte of memory two values."""
        fixed, parts = self._propagate(_conjuncts(terms))
        simple = simplify(parts)
        goal = t.and_(*simple.parts)
        return self._complete(self._trivial(goal) if goal.is_const else self._coarse(goal), fixed, simple)

    def _coarse(self, goal: Term) -> Answer:
        called = anonymous([goal])
        text = script(_conjuncts([goal]), called)
        if text not in self._plausible:
            answer = self._blasted(name_reads(goal, called), LOOKS, self.limit // MODEST)
            self._plausible[text] = _in_names(answer, called)
        return _in_names(self._plausible[text], {new: old for old, new in called.items()})

    def _check(
        self, goal: Term, tactics: Sequence[str], called: Mapping[str, str] | None = None, limit: int = 0
    ) -> Answer:
        """`called`: other names of variables and memories, for the solver."""
        if goal.is_const:
            return self._trivial(goal)
        named = name_reads(goal, called or {})
        if tactics is _BLASTED:
            answer = self._blasted(named, limit=limit)
            answer = Satisfied(named.values(answer.values)) if isinstance(answer, Satisfied) else answer
        else:
            answer = self._run(goal, called or {}, tactics, limit)
        if not isinstance(answer, Satisfied):
            return answer
        values = answer.values
        if not holds(goal, values):
            raise InternalError("the solver's model does not satisfy the query")
        return Satisfied(dict(sorted(values.items())))

    def _trivial(self, goal: Term) -> Answer:
        self.cost.by_hand += 1
        return Satisfied({}) if goal.value else Unsatisfiable()

    def _blasted(self, named: NamedReads, looks: int = 0, limit: int = 0) -> Answer:
        """In bits, with more and more of what equal offsets imply, until a model keeps it or so many were looked at."""
        facts: tuple[Term, ...] = ()
        while True:
            looks -= 1
            answer = self._run(t.and_(named.goal, *facts), named.called, _BLASTED, limit)
            if not isinstance(answer, Satisfied) or not (wrong := named.broken(answer.values)) or not looks:
                return answer
            facts = (*facts, *wrong)

    def _run(self, goal: Term, called: Mapping[str, str], tactics: Sequence[str], limit: int = 0) -> Answer:
        self.cost.queries += 1
        solver = z3.Then(*(z3.Tactic(name, self._context) for name in tactics)).solver()
        solver.set("rlimit", limit or self.limit)
        solver.from_string(script(_conjuncts([goal]), called))
        verdict = interrupt.check(solver)
        spent, self._spent = self._spent, _rlimit(solver)
        self.cost.rlimit += max(self._spent - spent, 0)
        if verdict == z3.unsat:
            return Unsatisfiable()
        if verdict != z3.sat:
            return Undecided(f"solver: {solver.reason_unknown()}")
        return Satisfied(_values(solver.model(), goal, called))

    def successor(self) -> Solver:
        """A solver with a new context, that starts with what this one simplified."""
        return Solver(self.limit, _known=self._known)

    def under(self, assumptions: Sequence[Term], terms: Sequence[Term]) -> list[Term]:
        """The terms, simplified by the equations among the assumptions."""
        fixed, _ = self._propagate(_conjuncts(assumptions))
        return self._replace(list(terms), fixed)

    def _propagate(self, parts: list[Term]) -> tuple[dict[str, Term], list[Term]]:
        """Variables that a conjunct equates with a number, and the conjuncts with that number in their place."""
        fixed: dict[str, Term] = {}
        for _ in range(ROUNDS):
            found = equations(parts)
            if not found:
                break
            fixed.update(found)
            parts = _conjuncts(self._replace(parts, found))
        return fixed, parts

    def _replace(self, parts: list[Term], fixed: dict[str, Term]) -> list[Term]:
        key = tuple(sorted((name, value.value) for name, value in fixed.items()))
        return substitute(parts, fixed, self._known.setdefault(key, {}))


def _conjuncts(terms: Sequence[Term]) -> list[Term]:
    return [part for term in terms for part in (term.args if term.op == "band" else (term,))]


def _assumed(parts: Sequence[Term], terms: Sequence[Term]) -> tuple[list[Term], list[Term]]:
    """The parts of a conjunction and other terms, simplified by what the parts say outright."""
    said: dict[int, Term] = {}
    for part in parts:
        if part.op not in ("const", "bor"):
            said[id(part)] = t.TRUE
            if part.op == "bnot":
                said[id(part.args[0])] = t.FALSE
    outright = [part for part in parts if id(part) in said]
    others = [part for part in parts if id(part) not in said]
    simpler = substitute([*others, *terms], {"": t.TRUE}, said)
    return [*outright, *simpler[: len(others)]], simpler[len(others):]


def _in_names(answer: Answer, called: Mapping[str, str]) -> Answer:
    """A model by other names; bytes of memories are called name@offset."""
    if not isinstance(answer, Satisfied):
        return answer
    result = {}
    for name, value in answer.values.items():
        base, at, offset = name.partition("@")
        result[f"{called.get(base, base)}{at}{offset}"] = value
    return Satisfied(result)


def equations(terms: Sequence[Term]) -> dict[str, Term]:
    """Variables that a conjunct equates with a number."""
    return dict(equation for part in _conjuncts(terms) if (equation := _equation(part)) is not None)


def _equation(part: Term) -> tuple[str, Term] | None:
    """variable = number, as a conjunct says it."""
    if part.op == "var":
        return str(part.data), t.TRUE
    if part.op == "bnot" and part.args[0].op == "var":
        return str(part.args[0].data), t.FALSE
    if part.op == "eq" and part.args[0].op == "var" and part.args[1].is_const:
        return str(part.args[0].data), part.args[1]
    return None


_PREPARED = ("simplify", "propagate-values", "solve-eqs", "elim-uncnstr")
_GUIDED = (*_PREPARED, "smt")
"""Faster here than Z3's own strategy for bit-vectors."""
_BLASTED = (*_PREPARED, "simplify", "bit-blast", "sat")
"""Faster for what has no model, as proofs of invariants have."""


def _rlimit(solver: z3.Solver) -> int:
    statistics = solver.statistics()
    return int(statistics.get_key_value("rlimit count")) if "rlimit count" in statistics.keys() else 0  # noqa: SIM118


def _values(model: z3.ModelRef, goal: Term, called: Mapping[str, str]) -> dict[str, int]:
    """A variable without a value may have any: it is left out, which reads as 0. Z3 may name more than was asked."""
    original = {new: old for old, new in called.items()}
    known, result = variables([goal]), dict[str, int]()
    unknown_memory: dict[str, z3.FuncDeclRef] = {}
    for declaration in model.decls():
        name = original.get(declaration.name(), declaration.name())
        if name in known:
            value = model[declaration]
            result[name] = int(z3.is_true(value)) if z3.is_bool(value) else value.as_long()
        elif declaration.arity() == 1:
            unknown_memory[name] = declaration
    if unknown_memory:
        result.update(_bytes(model, goal, unknown_memory, result))
    return result


def _bytes(
    model: z3.ModelRef, goal: Term, functions: Mapping[str, z3.FuncDeclRef], values: Mapping[str, int]
) -> dict[str, int]:
    """The bytes of unknown memory that the goal looks at."""
    found: dict[str, int] = {}

    def byte(node: Term, offset: int) -> int:
        key, name = cell(node, offset), str(node.data)
        if name in functions and key not in found:
            answer = model.eval(functions[name](z3.BitVecVal(offset, 64, model.ctx)), True)
            found[key] = answer.as_long()
        return found.get(key, 0)

    evaluate([goal], values, byte)
    return found
