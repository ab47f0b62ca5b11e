"""Questions to the solvers: Bitwuzla decides, Z3 confirms what was easy to refute, and decides where Bitwuzla gives up.

An answer depends on the earlier questions to the same `Solver` and on no others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from verify.errors import InternalError
from verify.solve import finding, refuting
from verify.solve.answer import Answer, Satisfied, Undecided, Unsatisfiable, in_names
from verify.solve.refuting import BY_THEORY, IN_BITS
from verify.solve.remembered import NOTHING, Remembered
from verify.solve.simplify import Simplified, conjuncts, simplify
from verify.solve.smtlib import anonymous, script
from verify.terms import build as t
from verify.terms.evaluate import assume, evaluate, holds, outright, substitute
from verify.terms.term import Term

__all__ = ["Answer", "Satisfied", "Undecided", "Unsatisfiable"]

ROUNDS = 2
QUICK, MODEST, GLANCE, AGAIN = 10, 20, 200, 200
"""The part of the limit that a first look gets, one that need not find anything, one that comes before a proof, and
Z3's second opinion."""
RLIMIT = 40_000_000
"""Z3's resource units for one query: some eight seconds."""
UNITS_A_STEP = 4
"""What a step of Bitwuzla's counts for."""
EASY = 1_000
"""Steps of Bitwuzla's: what takes it more Z3 does not refute with its part of the limit."""


@dataclass(slots=True)
class Cost:
    """What the queries of one rule took. `rlimit` is in Z3's resource units, `steps` in Bitwuzla's."""

    queries: int = 0
    rlimit: int = 0
    by_hand: int = 0
    """Questions that simplification alone decided."""
    steps: int = 0
    refuted: int = 0
    confirmed: int = 0
    """Of the queries that were refuted, those that both solvers refuted."""
    asked: int = 0
    """Of the queries, those that no earlier run has answered."""

    @property
    def units(self) -> int:
        """As the limit counts them."""
        return self.rlimit + self.steps * UNITS_A_STEP


@dataclass(frozen=True, slots=True)
class _Goal:
    """`text`: in SMT-LIB by names that only its structure decides: goals that differ in names alone share it."""

    term: Term
    called: Mapping[str, str]
    text: str

    def by_own_names(self, answer: Answer) -> Answer:
        return in_names(answer, {new: old for old, new in self.called.items()})


def _goal(term: Term) -> _Goal:
    called = anonymous([term])
    return _Goal(term, called, script(conjuncts([term]), called))


@dataclass(slots=True)
class Solver:
    """`limit` is in Z3's resource units per query. Simplified terms are kept for queries with the same equations."""

    limit: int = RLIMIT
    cost: Cost = field(default_factory=Cost)
    remembered: Remembered = NOTHING
    _known: dict[tuple[tuple[str, int], ...], dict[Term, Term]] = field(default_factory=dict)
    _found: dict[str, tuple[Answer, int]] = field(default_factory=dict)
    """What the search said of a text, by its names, and after how many steps."""
    _proved: dict[str, Answer] = field(default_factory=dict)
    """And Z3."""
    _tried: dict[tuple[str, Sequence[str]], int] = field(default_factory=dict)
    """The limit that a text was not decided with, in one way."""
    _given_up: dict[str, str] = field(default_factory=dict)
    """Why it was not."""
    refuted: list[tuple[Term, ...]] = field(default_factory=list)
    """Conjunctions that have no model, as they were asked: what proofs rest on."""
    _counted: set[str] = field(default_factory=set)
    """Refuted texts that Z3 was asked about, too."""

    def find(self, terms: Sequence[Term], share: int = 1) -> Answer:
        """A model, with this part of the limit. That there is none is one solver's word: do not rely on it."""
        fixed, parts = self._propagate(conjuncts(terms))
        simple = simplify(parts)
        return self._complete(self._search(t.and_(*simple.parts), self.limit // share), fixed, simple)

    def refute(self, terms: Sequence[Term], share: int = 1) -> Answer:
        """Is the conjunction satisfiable? With this part of the limit."""
        fixed, parts = self._propagate(conjuncts(terms))
        simple = simplify(parts)
        ways = [(IN_BITS, self.limit // share), *([(BY_THEORY, self.limit)] if share == 1 else [])]
        answer = self._complete(self._decided(t.and_(*simple.parts), ways), fixed, simple)
        if isinstance(answer, Unsatisfiable):
            self.refuted.append(tuple(terms))
        return answer

    def _decided(self, term: Term, ways: Sequence[tuple[Sequence[str], int]]) -> Answer:
        """Where Bitwuzla gives up, Z3 is asked in one way after the other, each with its limit."""
        if term.is_const:
            return self._trivial(term)
        goal = _goal(term)
        found = self._looked(goal, max(limit for _, limit in ways))
        if isinstance(found, Undecided):
            return self._proof(goal, ways)
        if isinstance(found, Unsatisfiable) and goal.text not in self._counted:
            self._counted.add(goal.text)
            self.cost.refuted += 1
            if self._found[goal.text][1] <= EASY:
                self._confirm(goal)
        return found

    def _confirm(self, goal: _Goal) -> None:
        """What Bitwuzla refuted has no model for Z3 either; it need not say so in the time that it gets."""
        answer = self._proof(goal, [(IN_BITS, self.limit // AGAIN)])
        if isinstance(answer, Satisfied):
            raise InternalError("the solvers disagree about a query")
        self.cost.confirmed += isinstance(answer, Unsatisfiable)

    def _search(self, term: Term, limit: int) -> Answer:
        return self._trivial(term) if term.is_const else self._looked(_goal(term), limit)

    def _looked(self, goal: _Goal, limit: int) -> Answer:
        """What the search says, once for all goals of the same text."""
        if goal.text not in self._found and limit > self._tried.get((goal.text, ()), -1):
            self.cost.queries += 1
            answer, steps = self.remembered.answer(
                "bitwuzla", (str(finding.OPTIONS),), goal.text, limit // UNITS_A_STEP,
                partial(self._asked, _find, goal, limit))
            self.cost.steps += steps
            if isinstance(answer, Undecided):
                self._tried[goal.text, ()] = limit
            else:
                self._found[goal.text] = _checked(goal, answer), steps
        answer, _ = self._found.get(goal.text, (Undecided(finding.GIVEN_UP), 0))
        return goal.by_own_names(answer)

    def _proof(self, goal: _Goal, ways: Sequence[tuple[Sequence[str], int]]) -> Answer:
        answer = self._proved.get(goal.text)
        for tactics, limit in ways:
            if answer is None and limit > self._tried.get((goal.text, tactics), -1):
                answer = self._once(goal, tactics, limit)
        return goal.by_own_names(answer or Undecided(self._given_up[goal.text]))

    def _once(self, goal: _Goal, tactics: Sequence[str], limit: int) -> Answer | None:
        """The answer by the solver's names, which is kept; None where it is not found with so much effort."""
        answer, units = self.remembered.answer(
            "z3-solver", tactics, goal.text, limit, partial(self._asked, _refute, goal, tactics, limit))
        self.cost.queries += 1
        self.cost.rlimit += units
        if isinstance(answer, Undecided):
            self._tried[goal.text, tactics], self._given_up[goal.text] = limit, answer.reason
            return None
        self._proved[goal.text] = _checked(goal, answer)
        return self._proved[goal.text]

    def _asked(self, ask: Callable[..., tuple[Answer, int]], *what: Any) -> tuple[Answer, int]:
        self.cost.asked += 1
        return ask(*what)

    @staticmethod
    def _complete(answer: Answer, fixed: Mapping[str, Term], simple: Simplified) -> Answer:
        """The model with the variables that were taken out of the question."""
        if not isinstance(answer, Satisfied):
            return answer
        chosen = {name: value.value for name, value in fixed.items()}
        return Satisfied(dict(sorted({**simple.restored(answer.values), **chosen}.items())))

    def _trivial(self, goal: Term) -> Answer:
        self.cost.by_hand += 1
        return Satisfied({}) if goal.value else Unsatisfiable()

    def implied(self, given: Sequence[Term], claims: Sequence[Term], cases: Sequence[Term] = ()) -> list[bool]:
        """Which of the claims follow? Undecided ones count as no, after a look at each of the cases for itself."""
        fixed, parts = self._propagate(conjuncts(given))
        parts, known = _assumed(parts, self._replace(list(claims), fixed))
        goal = t.and_(*parts)
        left = [k for k, claim in enumerate(known) if claim is not t.TRUE and goal is not t.FALSE]
        self.cost.by_hand += len(claims) - len(left)
        if len(left) < len(claims):
            self._note(given, [claim for k, claim in enumerate(claims) if k not in left])
        failed: set[int] = set()
        groups = [left] if left else []
        while groups:
            group = groups.pop()
            wrong = t.and_(goal, t.not_(t.and_(*(known[k] for k in group))))
            match self._decided(wrong, ((IN_BITS, self.limit), (BY_THEORY, self.limit))):
                case Satisfied(values=values):
                    here = evaluate([known[k] for k in group], values)
                    rest = [k for k, holds in zip(group, here, strict=True) if holds]
                    failed.update(set(group) - set(rest))
                    groups += [rest] if rest else []
                case Unsatisfiable():
                    self._note(given, [claims[k] for k in group])
                case Undecided() if len(group) > 1:
                    groups += [[k] for k in group]
                case Undecided():
                    (k,) = group
                    if not cases or not all(self._holds_in(case, given, claims[k], (goal, known[k])) for case in cases):
                        failed.add(k)
        return [k not in failed for k in range(len(claims))]

    def _holds_in(self, case: Term, given: Sequence[Term], claim: Term, simpler: tuple[Term, Term]) -> bool:
        """`simpler`: what is given and the claim, as they are asked."""
        before = len(self.refuted)
        goal, known = simpler
        holds = self.implied([goal, case], [known])[0]
        del self.refuted[before:]
        if holds:
            self._note([*given, case], [claim])
        return holds

    def _note(self, given: Sequence[Term], claims: Sequence[Term]) -> None:
        """The claims follow."""
        self.refuted.append((*given, t.not_(t.and_(*claims))))

    def successor(self) -> Solver:
        """A solver with a new context, that starts with what this one simplified."""
        return Solver(self.limit, remembered=self.remembered, _known=self._known)

    def under(self, assumptions: Sequence[Term], terms: Sequence[Term]) -> list[Term]:
        """The terms, simplified by the equations among the assumptions."""
        fixed, _ = self._propagate(conjuncts(assumptions))
        return self._replace(list(terms), fixed)

    def _propagate(self, parts: list[Term]) -> tuple[dict[str, Term], list[Term]]:
        """Variables that a conjunct equates with a number, and the conjuncts with that number in their place."""
        fixed: dict[str, Term] = {}
        for _ in range(ROUNDS):
            found = equations(parts)
            if not found:
                break
            fixed.update(found)
            parts = conjuncts(self._replace(parts, found))
        return fixed, parts

    def _replace(self, parts: list[Term], fixed: dict[str, Term]) -> list[Term]:
        key = tuple(sorted((name, value.value) for name, value in fixed.items()))
        return substitute(parts, fixed, self._known.setdefault(key, {}))


def _find(goal: _Goal, limit: int) -> tuple[Answer, int]:
    answer, steps = finding.find(goal.text, goal.term, goal.called, limit // UNITS_A_STEP)
    return in_names(answer, goal.called), steps


def _refute(goal: _Goal, tactics: Sequence[str], limit: int) -> tuple[Answer, int]:
    answer, units = refuting.refute(goal.term, goal.called, tactics, limit)
    return in_names(answer, goal.called), units


def _checked(goal: _Goal, answer: Answer) -> Answer:
    """By the solver's names, as it comes; a model is believed where it satisfies the goal."""
    own = goal.by_own_names(answer)
    if isinstance(own, Satisfied) and not holds(goal.term, own.values):
        raise InternalError("the solver's model does not satisfy the query")
    return answer


def _assumed(parts: Sequence[Term], terms: Sequence[Term]) -> tuple[list[Term], list[Term]]:
    """The parts of a conjunction and other terms, simplified by what the parts say outright."""
    said = outright(part for part in parts if part.op not in ("const", "bor"))
    known = [part for part in parts if part in said]
    others = [part for part in parts if part not in said]
    simpler = assume([*others, *terms], said)
    return [*known, *simpler[: len(others)]], simpler[len(others):]


def equations(terms: Sequence[Term]) -> dict[str, Term]:
    """Variables that a conjunct equates with a number."""
    return dict(equation for part in conjuncts(terms) if (equation := _equation(part)) is not None)


def _equation(part: Term) -> tuple[str, Term] | None:
    """variable = number, as a conjunct says it."""
    if part.op == "var":
        return str(part.data), t.TRUE
    if part.op == "bnot" and part.args[0].op == "var":
        return str(part.args[0].data), t.FALSE
    if part.op == "eq" and part.args[0].op == "var" and part.args[1].is_const:
        return str(part.args[0].data), part.args[1]
    return None
